import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Job } from "#proto/gen/pouw/work/v1/types.js";
import { EvidenceRelay, type EvidenceTask } from "./evidence.js";
import { ResidualCache } from "./residuals.js";

const RESIDUAL = new Uint8Array(12).fill(5);
const HASH = nodeCrypto.sha256(RESIDUAL);
const message = (slot: number, seq: bigint, more: Partial<Header> = {}): Iteration => ({ header: Header.encode(Header.create({ slot, seq, clock: [2n, seq - 1n], ...more })), map: Uint8Array.of(0), signature: new Uint8Array(64) });
const log = [message(0, 1n), message(0, 2n), message(1, 1n, { residualHash: HASH }), message(1, 2n)];
const find = (slot: number, seq: bigint) => log.find((m) => { const h = Header.decode(m.header); return h.slot === slot && h.seq === seq; });
const hashesOf = (slot: number, first: bigint, last: bigint) => {
  const hashes: Uint8Array[] = [];
  for (let seq = first; seq <= last; seq++) {
    const m = find(slot, seq);
    if (m) hashes.push(nodeCrypto.sha256(m.header));
  }
  return new Uint8Array(Buffer.concat(hashes));
};

type Ask = EvidenceTask["minerOf"] extends (slot: number) => readonly (infer P)[] ? P extends { ask: infer A } ? A : never : never;
function relay(ask: Ask, jobs = [Job.create({ taskId: 1n, slot: 1, seq: 2n })]) {
  const task: EvidenceTask = {
    id: 1n,
    parameters: 3,
    residualBytes: 12,
    profile: "wasm-f32-1",
    logStore: { get: async (slot, seq) => find(slot, seq), hashAt: async (slot, seq) => { const m = find(slot, seq); return m && nodeCrypto.sha256(m.header); }, hashes: async (slot, first, last) => hashesOf(slot, first, last) },
    anchoredSeq: async (slot) => (slot === 0 ? 2n : 1n),
    minerOf: () => [{ worker: "miner", ask }],
  };
  return { task, relay: new EvidenceRelay(async () => jobs, new ResidualCache(), { silence: 50, total: 50 }) };
}
/** All of a residual, from an offset on. */
async function whole(r: EvidenceRelay, ...a: Parameters<EvidenceRelay["residual"]>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const p of r.residual(...a)) parts.push(p.residual);
  return new Uint8Array(Buffer.concat(parts));
}
const part = { id: 1n, residual: new Uint8Array(0), messages: [] as Iteration[], missing: false, last: false };

test("a miner is asked for what an open job needs and its log names, and for nothing else", async (t) => {
  let asked = 0;
  const { task, relay: r } = relay(async (_q, take) => (asked++, take({ ...part, residual: RESIDUAL, last: true }), true));
  await t.throwsAsync(whole(r, task, 1, 2n, HASH), { message: /no open job/ });
  await t.throwsAsync(whole(r, task, 0, 1n, HASH), { message: /no open job/ });
  await t.throwsAsync(whole(r, task, 1, 1n, new Uint8Array(32)), { message: /names another residual/ });
  await t.throwsAsync(async () => { for await (const m of r.peerMessages(task, 1, 1n)) void m; }, { message: /no open job/ });
  t.is(asked, 0);
  t.deepEqual(await whole(r, task, 1, 1n, HASH), RESIDUAL);
  t.deepEqual(await whole(r, task, 1, 1n, HASH), RESIDUAL);
  t.is(asked, 1, "kept by its hash");
});

test("all who ask at one time share one upload, and one that gave up finds it further on", async (t) => {
  let asked = 0;
  let go: () => void = () => {};
  const { task, relay: r } = relay(async (_q, take) => {
    asked++;
    await new Promise<void>((resolve) => (go = resolve));
    take({ ...part, residual: RESIDUAL, last: true });
    return true;
  });
  const [a, b] = [whole(r, task, 1, 1n, HASH), whole(r, task, 1, 1n, HASH)];
  await new Promise((resolve) => setTimeout(resolve, 10));
  const late = whole(r, task, 1, 1n, HASH); // the same caller once more, after its own time-out
  await new Promise((resolve) => setTimeout(resolve, 10));
  go();
  t.deepEqual(await Promise.all([a, b, late]), [RESIDUAL, RESIDUAL, RESIDUAL]);
  t.is(asked, 1);
});

test("a residual that is longer than the model is cut off", async (t) => {
  let sent = 0;
  const { task, relay: r } = relay(async (_q, take) => {
    for (; sent < 1000; sent++) take({ ...part, residual: RESIDUAL });
    return true;
  });
  await t.throwsAsync(whole(r, task, 1, 1n, HASH), { message: /more than 12 bytes/ });
  t.is(sent, 1);
});

test("of a tolerant iteration the residual that it left is asked for as well", async (t) => {
  const { task, relay: r } = relay(async (_q, take) => (take({ ...part, residual: RESIDUAL, last: true }), true), [Job.create({ taskId: 1n, slot: 1, seq: 1n })]);
  await t.throwsAsync(whole(r, task, 1, 1n, HASH), { message: /no open job/ });
  t.deepEqual(await whole(r, { ...task, profile: "tf-f32" }, 1, 1n, HASH), RESIDUAL);
});

test("peers' messages come back as the miner has them: the log's own from the log, others whole, and no more than its header counts", async (t) => {
  const fork = message(0, 2n, { loss: 9 });
  const serve = (messages: Iteration[]): Ask => async (_q, take) => (take({ ...part, messages, last: true }), true);
  const all = async (ask: Ask) => {
    const { task, relay: r } = relay(ask);
    const out: Iteration[] = [];
    for await (const m of r.peerMessages(task, 1, 2n)) out.push(m);
    return out;
  };
  const [one, , own] = log as [Iteration, Iteration, Iteration];
  t.deepEqual(await all(serve([one, fork, own])), [one, fork, own]);
  await t.throwsAsync(all(serve([one, fork, own, own])), { message: /more than the 3 messages/ });
  await t.throwsAsync(all(async () => false), { message: /did not serve/ });
});

test("what comes is handed on as it comes, from any offset", async (t) => {
  let more: () => void = () => {};
  const { task, relay: r } = relay(async (_q, take) => {
    take({ ...part, residual: RESIDUAL.subarray(0, 8) });
    await new Promise<void>((resolve) => (more = resolve));
    take({ ...part, residual: RESIDUAL.subarray(8), last: true });
    return true;
  });
  const reading = r.residual(task, 1, 1n, HASH, 3);
  t.deepEqual((await reading.next()).value, { offset: 3n, residual: RESIDUAL.subarray(3, 8) });
  more();
  t.deepEqual((await reading.next()).value, { offset: 8n, residual: RESIDUAL.subarray(8) });
  t.true((await reading.next()).done);
  t.deepEqual(await whole(r, task, 1, 1n, HASH, 10), RESIDUAL.subarray(10), "and from what is kept");
});

test("a miner is told the anchored log of every peer, its newest hashes the densest", async (t) => {
  let told: unknown;
  const { task, relay: r } = relay(async (q, take) => ((told = q.anchored), take({ ...part, last: true }), true));
  for await (const m of r.peerMessages(task, 1, 2n)) void m;
  const hash = (seq: bigint) => nodeCrypto.sha256((find(0, seq) as Iteration).header);
  t.deepEqual(told, [{ slot: 0, seqs: [2n, 1n], hashes: [hash(2n), hash(1n)] }]);
});
