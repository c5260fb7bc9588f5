import "#platform/install.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgAnchorLog, MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { MsgSubmitModel } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { MsgCancelTask, MsgStopTraining } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type SignedHead } from "#proto/gen/pouw/v1/iteration.js";
import { EvidenceService } from "#proto/gen/pouw/v1/services.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { LogClient, Remote } from "#net/index.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { toHex } from "#kernel/bytes.js";
import { createEngine } from "#engine/index.js";
import { parseTopology } from "#engine/topology/index.js";
import { isEquivocation } from "#protocol/log/check.js";
import { f32Bytes } from "#protocol/floats.js";
import { taskSeed } from "#protocol/state/initial.js";
import { verifyInclusion } from "#protocol/log/log-root.js";
import { mapHash } from "#protocol/state/map.js";
import { slotPositions } from "#protocol/log/positions.js";
import { Replica } from "#protocol/state/replica.js";
import { ResidualStore } from "#miner/residuals.js";
import { Database } from "#platform/level.js";
import { type Daemon, Network } from "./bench.js";
import { CLIENT, STAKE } from "./genesis.js";

const SUPERVISORS = ["s0", "s1", "s2"];

/** The whole log of a supervisor, by slot. */
async function logOf(net: Network, endpoint: string): Promise<Iteration[][]> {
  const { task } = net;
  const client = new LogClient({ endpoints: [endpoint], allowPrivate: true });
  const out: Iteration[][] = Array.from({ length: net.small.task.spec.slots }, () => []);
  for await (const m of client.stream(task.id, [])) out[Header.decode(m.header).slot]?.push(m);
  client.close();
  return out;
}

/** sha256 of K after a log, rebuilt from nothing but its maps. */
async function rebuild(net: Network, log: Iteration[][]): Promise<string> {
  const { task } = net;
  const { spec } = net.small.task;
  const plan = parseTopology(spec.topology, { maxParameters: 1 << 20 });
  const engine = await createEngine(plan, engineOptionsOf(spec));
  const replica = new Replica(nodeCrypto, engine, spec, taskSeed(nodeCrypto, task.startBeacon as Uint8Array, task.id));
  for (const messages of log) {
    for (const m of messages) {
      const h = Header.decode(m.header);
      replica.apply({ slot: h.slot, seq: h.seq, headerHash: nodeCrypto.sha256(m.header), mapHash: mapHash(nodeCrypto, m.map), map: m.map });
    }
  }
  return toHex(nodeCrypto.sha256(f32Bytes(engine.K)));
}

test.serial("two miners with three slots train over three supervisors: every log is the same, every head is anchored, and K is equal bit for bit", async (t) => {
  const net = new Network({ miners: ["minerA", "minerB", "minerA"], supervisors: SUPERVISORS, epochs: 3, target: 1n << 245n });
  const daemons = [];
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(150);
    for (const m of ["minerA", "minerB"]) daemons.push(await net.miner(m));
    await net.giveData();
    await net.until(() => net.task.phase === Phase.PHASE_SETTLING, "all heads anchored");
    const logs = await Promise.all([...net.endpoints.values()].map((e) => logOf(net, e)));
    const { spec } = net.small.task;
    for (const log of logs) t.deepEqual(log.map((l) => BigInt(l.length)), [0, 1, 2].map((s) => slotPositions(spec, s)));
    const digests = logs.map((log) => toHex(nodeCrypto.sha256(Buffer.concat(log.flat().map((m) => m.header)))));
    t.is(new Set(digests).size, 1);
    const states = await Promise.all(logs.map((log) => rebuild(net, log)));
    t.is(new Set(states).size, 1);
    // where most are lucky a slot may have no room for one more claim, which says "claim again"
    t.deepEqual(net.chain.refused.filter((r) => !r.includes("work/18")), []);
    t.deepEqual(net.chain.sent(MsgReportEquivocation), []);
    await net.until(() => net.chain.sent(MsgSubmitWork).some((w) => w.result.code === 0), "a lucky iteration");
    for (const { message: claim, result } of net.chain.sent(MsgSubmitWork)) {
      if (result.code === 18) continue;
      t.is(result.code, 0, result.log);
      const [own, head] = [Header.decode(claim.header), Header.decode(claim.headHeader)];
      if (own.seq === head.seq) t.is(claim.proof.length, 0);
      else t.true(verifyInclusion(nodeCrypto, head.logRoot, head.seq - 1n, own.seq - 1n, nodeCrypto.sha256(claim.header), claim.proof));
    }
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
});

/** Trains with one miner of two stopped at some point and started again by `again`; answers the whole log. */
async function interrupted(t: ExecutionContext, again: (net: Network, home: string) => Promise<void>): Promise<{ home: string; own: readonly Iteration[] }> {
  const net = new Network({ miners: ["minerA", "minerB"], supervisors: SUPERVISORS, epochs: 25 });
  const positions = 150;
  const daemons: Daemon[] = [];
  let own: readonly Iteration[] = [];
  let home = "";
  const anchored = () => net.headOf(0);
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(100);
    const first = await net.miner("minerA");
    daemons.push(await net.miner("minerB"));
    await net.giveData();
    await net.until(() => anchored() >= 5n && net.task.phase === Phase.PHASE_TRAINING, "some anchored heads");
    await first.stop();
    const before = await logOf(net, net.endpoints.get("s0") as string);
    t.true((before[0]?.length ?? 0) < positions, "stopped in the middle");
    await again(net, first.home);
    daemons.push(await net.miner("minerA", first.home));
    await net.until(() => net.task.phase === Phase.PHASE_SETTLING, "all heads anchored after the restart");
    const after = await logOf(net, net.endpoints.get("s1") as string);
    t.is(after[0]?.length, positions);
    own = after[0] as Iteration[];
    home = first.home;
    before[0]?.forEach((m, i) => t.deepEqual(m.header, after[0]?.[i]?.header, `header ${i + 1} is the one that was sent before`));
    t.deepEqual(net.chain.sent(MsgReportEquivocation), [], "no seq was signed twice");
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
  return { home, own };
}

test.serial("a miner started again keeps its chain of headers and signs no seq twice", async (t) => {
  await interrupted(t, async () => {});
});

test.serial("a miner that lost its log takes it back from the supervisors, rebuilds its residual and goes on behind it", async (t) => {
  const { home, own } = await interrupted(t, async (_net, at) => rmSync(join(at, "db"), { recursive: true }));
  const db = await Database.open(join(home, "db"));
  const residuals = new ResidualStore(db, 7n, 1, "wasm-f32-1");
  for (const m of own) {
    const { slot, seq, residualHash } = Header.decode(m.header);
    const kept = await residuals.get(slot, seq);
    t.deepEqual(kept && nodeCrypto.sha256(kept), residualHash, `the residual after ${slot}/${seq} is there for an audit`);
  }
  await db.close();
});

test.serial("a daemon whose account is no worker yet registers it, and ends where the chain refuses", async (t) => {
  const net = new Network({ miners: ["minerA"], supervisors: ["s0"], epochs: 1, others: ["late"] });
  const { test: c } = net.chain;
  const daemons: Daemon[] = [];
  try {
    net.start(50);
    daemons.push(await net.miner("late"));
    await net.until(() => c.k.workers.get(c.ctx, net.address("late")) !== undefined, "the registration");
    t.like(c.k.workers.get(c.ctx, net.address("late")), { roles: [Role.ROLE_MINER], stake: STAKE, maxSeats: 4, seats: 0 });
    const poor = await net.miner("poor");
    daemons.push(poor);
    await poor.over;
    t.regex(net.failures[0]?.message ?? "", new RegExp(`^cannot register ${net.address("poor")}: .*insufficient funds$`));
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
});

test.serial("a second process on one home is refused", async (t) => {
  const net = new Network({ miners: ["minerA"], supervisors: SUPERVISORS, epochs: 1 });
  net.start(100);
  const one = await net.miner("minerA");
  await new Promise((resolve) => setTimeout(resolve, 300));
  const two = await net.miner("minerA", one.home);
  await two.stop();
  t.regex(net.failures[0]?.message ?? "", /is in use by another process/);
  await one.stop();
  net.close();
});

test.serial("a home that was used with a chain is refused by another of the same id", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "miner-"));
  const one = { miners: ["minerA"], supervisors: ["s0"], epochs: 1 };
  const first = new Network(one);
  const miner = await first.miner("minerA", home);
  await first.until(() => existsSync(join(home, "chain.txt")), "the mark");
  await miner.stop();
  const anew = new Network({ ...one, timeMs: 1_800_000_000_000n });
  await (await anew.miner("minerA", home)).stop();
  await (await anew.supervisor("s0", home)).stop();
  t.is(anew.failures.length, 2);
  for (const e of anew.failures) t.regex(e.message, /holds the work for chain daemons-1 .* give another --home/);
});

test.serial("a supervisor started again has its log, fills what it missed, and the task ends", async (t) => {
  const net = new Network({ miners: ["minerA", "minerB"], supervisors: SUPERVISORS, epochs: 4 });
  const daemons: Daemon[] = [];
  try {
    const first = await net.supervisor("s0");
    for (const s of ["s1", "s2"]) daemons.push(await net.supervisor(s));
    net.start(100);
    for (const m of ["minerA", "minerB"]) daemons.push(await net.miner(m));
    await net.giveData();
    await net.until(() => net.headOf(0) >= 3n, "some anchored heads");
    await first.stop();
    await net.until(() => net.headOf(0) >= 12n, "the others going on alone");
    daemons.push(await net.supervisor("s0", first.home));
    await net.until(() => net.task.phase === Phase.PHASE_SETTLING, "all heads anchored");
    const endpoint = net.endpoints.get("s0") as string;
    let lengths: number[] = [];
    for (let i = 0; i < 50 && lengths.some((n) => n === 24) !== true; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      lengths = (await logOf(net, endpoint)).map((l) => l.length);
    }
    t.deepEqual(lengths, [24, 24]);
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
});

test.serial("a miner that signs two headers at one seq is reported with both signatures", async (t) => {
  const net = new Network({ miners: ["minerA", "minerB"], supervisors: SUPERVISORS, epochs: 4 });
  const daemons: Daemon[] = [];
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(100);
    daemons.push(await net.miner("minerA", undefined, "equivocate"), await net.miner("minerB"));
    await net.giveData();
    await net.until(() => net.chain.sent(MsgReportEquivocation).length > 0, "a report");
    for (const { slot, first, second } of net.chain.sent(MsgReportEquivocation).map((r) => r.message)) {
      const key = net.seats.find((s) => s.index === slot && s.role === Role.ROLE_MINER)?.sessionKey as Uint8Array;
      t.is(slot, 0);
      t.true(isEquivocation({ crypto: nodeCrypto, chainId: net.chain.chainId, taskId: 7n }, key, slot, first as SignedHead, second as SignedHead));
    }
    t.is(net.chain.sent(MsgReportEquivocation)[0]?.result.code, 0);
    t.is(net.slots[0]?.status, SlotStatus.SLOT_CLOSED_FAULT);
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
});

test.serial("a residual and the peers' messages are served for an open job, and for nothing else", async (t) => {
  const net = new Network({ miners: ["minerA", "minerB"], supervisors: ["s0"], epochs: 2 });
  const daemons: Daemon[] = [];
  try {
    daemons.push(await net.supervisor("s0"));
    net.start(100);
    for (const m of ["minerA", "minerB"]) daemons.push(await net.miner(m));
    await net.giveData();
    await net.until(() => net.task.phase === Phase.PHASE_SETTLING, "all heads anchored");
    const endpoint = net.endpoints.get("s0") as string;
    const [log] = await logOf(net, endpoint);
    // audits are drawn of every slot: of the second iteration on, the first that none is for
    const drawn = new Set((await net.drawnAudits()).map((j) => `${j.slot}/${j.seq}`));
    const at = (log as Iteration[]).findIndex((_, i) => i > 0 && !drawn.has(`0/${i + 1}`));
    const seq = BigInt(at + 1);
    const { residualHash } = Header.decode((log as Iteration[])[at - 1]?.header as Uint8Array);
    const remote = await Remote.dial(endpoint, { allowPrivate: true });
    const ask = async (of = seq - 1n, hash = residualHash) => {
      const parts: Uint8Array[] = [];
      for await (const p of remote.serverStream(EvidenceService.methods.residual, { taskId: 7n, slot: 0, seq: of, residualHash: hash })) parts.push(p.residual);
      return new Uint8Array(Buffer.concat(parts));
    };
    await t.throwsAsync(ask(), { message: /no open job/ });
    await net.audit("s0", 0, seq);
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // the supervisor asks for jobs once a second
    t.deepEqual(nodeCrypto.sha256(await ask()), residualHash);
    const peers: Iteration[] = [];
    for await (const m of remote.serverStream(EvidenceService.methods.peerMessages, { taskId: 7n, slot: 0, seq })) peers.push(m);
    t.deepEqual(peers, [], "all that it counted is the anchored log");

    // A miner that is started again serves from its disk, before its compute thread has taken in anything.
    await net.audit("s0", 0, seq + 1n);
    const [minerA] = daemons.splice(1, 1) as [Daemon];
    await minerA.stop();
    const asked = Header.decode((log as Iteration[])[at]?.header as Uint8Array);
    const begun = performance.now();
    daemons.push(await net.miner("minerA", minerA.home, undefined, undefined, { startCompute: () => ({ post: () => {}, close: async () => {} }) }));
    let again: Uint8Array | undefined;
    while (!again && performance.now() - begun < 30_000) again = await ask(asked.seq, asked.residualHash).catch(() => undefined);
    t.deepEqual(again && nodeCrypto.sha256(again), asked.residualHash);
    t.log(`served ${((performance.now() - begun) / 1000).toFixed(2)} s after the start`);
    remote.close();
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
});

test.serial("when the seats are unlocked a supervisor deletes the training data and goes on serving the test set", async (t) => {
  const net = new Network({ miners: ["minerA"], supervisors: ["s0"], epochs: 1 });
  const one = await net.supervisor("s0");
  try {
    net.start(50);
    await net.giveData();
    const blobs = join(one.home, "blobs");
    await net.until(() => net.seats.some((s) => s.confirmed), "the data");
    t.is(readdirSync(blobs).length, 2 + net.small.data.segments.length);
    await net.send(CLIENT, MsgCancelTask, { client: net.address(CLIENT), taskId: 7n });
    await net.until(() => readdirSync(blobs).length === 1, "the deletion");
    t.deepEqual(readdirSync(blobs), [net.small.task.spec.testSet?.cid]);
  } finally {
    await one.stop();
    net.close();
  }
});

test.serial("a client stops Training: its miners submit the heads anchored then, and none is closed", async (t) => {
  const net = new Network({ miners: ["minerA", "minerB"], supervisors: SUPERVISORS, epochs: 400 });
  const daemons: Daemon[] = [];
  const heads = () => net.chain.test.k.supervision.slots(net.chain.test.ctx, 7n);
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(150);
    for (const m of ["minerA", "minerB"]) daemons.push(await net.miner(m));
    await net.giveData();
    await net.until(() => heads().length > 0 && heads().every((s) => s.head), "the first heads");
    await net.send(CLIENT, MsgStopTraining, { client: net.address(CLIENT), taskId: 7n });
    await net.until(() => net.task.phase === Phase.PHASE_SETTLING, "every model");
    const final = heads().map((s) => s.finalSeq);
    t.true(heads().every((s) => s.state.kind === "open" && (s.finalSeq ?? 0n) > 0n && (s.finalSeq ?? 0n) < s.positions), final.join(", "));
    const submitted = net.chain.sent(MsgSubmitModel);
    t.deepEqual(submitted.map(({ message, result }) => [message.slot, result.code]).toSorted(), [[0, 0], [1, 0]]);
    for (const { message } of submitted) t.true(message.clock.every((c, i) => c <= (final[i] ?? 0n)));
    t.deepEqual(net.chain.refused, []);
  } finally {
    for (const d of daemons) await d.stop();
    net.close();
  }
});

test.serial("a supervisor that cannot write its log anchors nothing, so that it does not count as alive", async (t) => {
  const net = new Network({ miners: ["minerA"], supervisors: SUPERVISORS, epochs: 40 });
  const daemons: Daemon[] = [];
  const { write } = Database.prototype;
  try {
    for (const s of SUPERVISORS) daemons.push(await net.supervisor(s));
    net.start(50);
    daemons.push(await net.miner("minerA"));
    await net.giveData();
    await net.until(() => net.headOf(0) >= 3n, "some anchored heads");
    Database.prototype.write = function (puts) {
      const { location } = (this as unknown as { level: { location: string } }).level;
      return location.includes("supervisor-") ? Promise.reject(new Error("no space left on device")) : write.call(this, puts);
    };
    const from = net.chain.height;
    await net.until(() => net.chain.height >= from + 10n, "the last anchors");
    const anchorMessages = net.chain.sent(MsgAnchorLog).length;
    await net.until(() => net.chain.height >= from + 30n, "twenty blocks");
    t.is(net.chain.sent(MsgAnchorLog).length, anchorMessages);
  } finally {
    Database.prototype.write = write;
    for (const d of daemons) await d.stop();
    net.close();
  }
});
