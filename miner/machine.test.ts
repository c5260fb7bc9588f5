import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { AnchoredHead, AttestedHead, Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase, Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { LogFrontier } from "#protocol/log/log-root.js";
import { replayTrace, traced } from "#protocol/machine.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { BEACON, Reader, ScriptedGroup } from "#test/daemons/scripted.js";
import { MinerMachine, type MinerEffect, type MinerFacts, type MinerInput } from "./machine.js";

const facts: MinerFacts = { chainId: "c-1", worker: "m0", profiles: ["wasm-f32-1"], parameters: 67, groups: new ScriptedGroup({ slots: 1 }).groups, drawDelay: 2n, claimWindow: 20n };
type Of<K extends MinerEffect["do"]> = Extract<MinerEffect, { do: K }>;

/** A machine whose driver does everything at once, but for what the chain answers. */
class Desk {
  readonly lines: string[] = [];
  readonly machine: ReturnType<typeof traced<MinerInput, MinerEffect>>;
  readonly effects: MinerEffect[] = [];
  readonly hashes = new Map<string, Uint8Array>();
  height = 109n;
  #id = 0;

  constructor(
    readonly group: ScriptedGroup,
    change: Partial<MinerFacts> = {},
  ) {
    this.machine = traced(new MinerMachine(nodeCrypto, { ...facts, ...change }), "miner", { ...facts, ...change }, (line) => this.lines.push(line));
  }

  view(change: Partial<TaskView> = {}, blocks = 1n): this {
    this.height += blocks;
    const { spec, taskId, startHeight } = this.group;
    const seats = [
      ...this.group.keys.map((k, index) => Seat.create({ role: Role.ROLE_MINER, index, worker: `m${index}`, joined: true, sessionKey: k.publicKey })),
      ...[0, 1, 2].map((index) => Seat.create({ role: Role.ROLE_SUPERVISOR, index, worker: `s${index}`, joined: true, endpoint: `127.0.0.1:${index + 1}` })),
    ];
    const task = Task.create({ id: taskId, spec, phase: Phase.PHASE_TRAINING, startHeight, startBeacon: BEACON, flop: 100n });
    const slots = this.group.keys.map((_, slot) => Slot.create({ slot, taskId }));
    return this.step({ kind: "view", view: { height: this.height, task, seats, slots, lowestRound: 0n, submissions: [], reveals: [], attested: [], ...change } });
  }

  receive(m: Iteration): string {
    this.step({ kind: "message", id: ++this.#id, message: m });
    return this.all("settle").at(-1)?.outcome as string;
  }

  /** What the compute thread does: an own iteration. */
  iterate(m: Iteration): this {
    const { slot, seq } = Header.decode(m.header);
    return this.step({ kind: "iterated", slot, seq, header: m.header, hash: nodeCrypto.sha256(m.header), map: m.map });
  }

  step(first: MinerInput): this {
    const inputs = [first];
    for (let input = inputs.shift(); input; input = inputs.shift()) {
      for (const e of this.machine.step(input, 0)) {
        this.effects.push(e);
        inputs.push(...this.#perform(e));
      }
    }
    return this;
  }

  #perform(e: MinerEffect): MinerInput[] {
    switch (e.do) {
      case "open":
        return [
          { kind: "opened", slots: this.group.emptyLogs().map(({ tip }) => ({ tip, frontier: new LogFrontier(nodeCrypto).encode() })), rounds: [{ from: 100n, to: 109n, lowest: 0n }] },
          { kind: "data", batchHashes: this.group.batchHashes },
        ];
      case "verify":
        return [{ kind: "verified", good: [{ ticket: e.ticket, good: nodeCrypto.verifyEd25519(e.key, e.message, e.signature) }] }];
      case "lookup":
        return [{ kind: "looked", ticket: e.ticket, hash: this.hashes.get(`${e.slot}/${e.seq}`) }];
      case "apply":
      case "sign":
        this.hashes.set(`${e.slot}/${e.seq}`, e.hash);
        return [];
      case "more":
        return [{ kind: "more" }];
      case "askRound":
        return [{ kind: "round", height: e.height }];
      case "transact":
        return [{ kind: "sent", what: e.tx.what, ok: true }];
      default:
        return [];
    }
  }

  all<K extends MinerEffect["do"]>(what: K): Of<K>[] {
    return this.effects.filter((e): e is Of<K> => e.do === what);
  }
  applied(): string[] {
    return this.effects.flatMap((e) => (e.do === "apply" ? [`${e.slot}/${e.seq}${e.own ? " own" : ""}`] : e.do === "sign" ? [`${e.slot}/${e.seq} signed`] : []));
  }
}

test("peers' messages are applied in causal order, own iterations are signed once, and what they complete follows", (t) => {
  const g = new ScriptedGroup({ slots: 2 });
  const d = new Desk(g).view();
  const [a1, b1, a2, b2] = g.rounds(2) as [Iteration, Iteration, Iteration, Iteration];
  t.is(d.receive(b2), "held");
  d.receive(b1);
  t.deepEqual(d.applied(), ["1/1"]);
  d.iterate(a1);
  t.deepEqual(d.applied(), ["1/1", "0/1 signed", "1/2"]);
  t.throws(() => d.iterate(a1), { message: /asked to sign seq 1 after 1/ });
  t.is(d.receive(a2), "held");
  t.deepEqual(d.applied().at(-1), "0/2 own", "another run of ours signed it");
});

test("a miner refuses what a supervisor refuses: every outcome of the rules is the same", (t) => {
  const g = new ScriptedGroup({ slots: 3, runAhead: 64n });
  const bad: [Partial<Header>, string][] = [
    [{ round: 3n }, "rule_round"],
    [{ batchHash: new Uint8Array(32) }, "rule_batch_hash"],
    [{ chainDigest: new Uint8Array(32) }, "rule_chain_digest"],
    [{ logRoot: new Uint8Array(32) }, "rule_log_root"],
    [{ prev: new Uint8Array(32).fill(1) }, "rule_prev"],
    [{ residualHash: new Uint8Array(0) }, "rule_residual_hash"],
    [{ height: 90n }, "rule_height"],
    [{ null: true }, "rule_null"],
  ];
  for (const [change, outcome] of bad) {
    const d = new Desk(g).view();
    const r = new Reader(g);
    const m = g.message(1, [0n, 0n, 0n], change);
    d.receive(m);
    r.receive(m);
    t.deepEqual(r.log, [`!1/1 ${outcome}`]);
    t.deepEqual(d.applied(), []);
  }
  const d = new Desk(g).view();
  const [, b1] = g.rounds(1) as [Iteration, Iteration];
  d.receive(b1);
  d.receive(g.message(1, [0n, 0n, 0n]));
  t.deepEqual(d.applied(), ["1/1"], "a round too early: rule_lag");
  t.deepEqual(d.all("note").map((n) => n.text), ["a message breaks a rule and is not applied"]);
  t.is(new Set(d.all("view").map((v) => v.height)).size, 1);
});

test("it reads two supervisors, and moves on when they lack what two attested two blocks ago", (t) => {
  const g = new ScriptedGroup({ slots: 2 });
  const d = new Desk(g).view();
  const reads = (): string => d.all("connect").at(-1)?.read.join(" ") ?? "";
  t.deepEqual(d.all("connect").map((c) => c.read.length), [0, 2], "nothing is read before it can be judged");
  t.is(reads(), "s0 s1");
  const attested = [1n, 5n].map((seq, supervisor) => AttestedHead.create({ supervisor, slot: 1, seq, hash: new Uint8Array(32) }));
  const alone = attested.slice(1);
  for (let block = 0; block < 10; block++) d.view({ attested: alone });
  t.is(reads(), "s0 s1", "what one supervisor alone attested it may keep to itself");
  d.view({ attested }).view({ attested });
  t.is(reads(), "s0 s1");
  d.view({ attested });
  t.is(reads(), "s1 s2");
  t.deepEqual(d.all("fill").at(-1)?.gaps, [{ slot: 1, from: 1n, to: 1n }]);
});

test("an anchored advance is drawn, a lucky iteration is run again and claimed, each once and not after its window", (t) => {
  const g = new ScriptedGroup({ slots: 1 });
  const d = new Desk(g).view();
  const own = g.rounds(2);
  for (const m of own) d.iterate(m);
  const hashes = Buffer.concat(own.map((m) => nodeCrypto.sha256(m.header)));
  const slots = [Slot.create({ slot: 0, head: { height: 110n, seq: 2n, hash: hashes.subarray(32) } })];
  d.view({ slots });
  t.deepEqual(d.all("askAnchors"), [{ do: "askAnchors", slot: 0 }]);
  d.step({ kind: "anchors", slot: 0, heads: [AnchoredHead.create({ height: 110n, seq: 2n, hash: hashes.subarray(32) })] });
  d.view({ slots });
  t.deepEqual(d.all("askDraw"), [{ do: "askDraw", advance: { slot: 0, from: 1n, to: 2n, height: 110n }, height: 112n }]);
  const all = { beacon: new Uint8Array(32), target: (1n << 256n) - 1n };
  d.step({ kind: "draw", drawn: { ...all, from: 1n, hashes: hashes.subarray(0, 32), last: false } });
  d.step({ kind: "draw", drawn: { ...all, from: 2n, hashes: hashes.subarray(32), last: true } });
  t.deepEqual(d.all("rerun"), [{ do: "rerun", slot: 0, seq: 1n }], "one at a time");
  d.step({ kind: "reran", agrees: true });
  d.step({ kind: "reran", agrees: false });
  t.deepEqual(d.all("claim").map((c) => c.lucky), [{ slot: 0, seq: 1n, head: 2n, until: 132n }]);
  t.regex(d.all("note").at(-1)?.text ?? "", /does not re-run/);
  d.view({ slots });
  t.is(d.all("askAnchors").length, 1);

  const late = new Desk(g).view();
  late.view({ slots });
  late.step({ kind: "anchors", slot: 0, heads: [AnchoredHead.create({ height: 110n, seq: 2n })] });
  late.view({ slots }, 30n);
  t.deepEqual(late.all("askDraw"), []);
});

test("a peer's fork is reported until it is closed; an own one never", (t) => {
  const g = new ScriptedGroup({ slots: 2 });
  const d = new Desk(g).view();
  const forks = [0, 1].map((slot) => g.message(slot, [0n, 0n], { loss: 9 }));
  const round = g.rounds(1);
  d.iterate(round[0] as Iteration);
  d.receive(round[1] as Iteration);
  for (const f of forks) t.is(d.receive(f), "equivocation");
  const reports = () => d.all("transact").filter((e) => e.tx.what === "equivocation");
  t.deepEqual(reports().map((e) => "slot" in e.tx && e.tx.slot), [1]);
  d.view({}, 3n);
  t.is(reports().length, 2);
  const slots = [Slot.create({ slot: 0 }), Slot.create({ slot: 1, status: SlotStatus.SLOT_CLOSED_FAULT, closedHeight: d.height, closedSeq: 0n })];
  d.view({ slots }, 3n).view({ slots }, 3n);
  t.is(reports().length, 2);
});

test("a profile that is not computed here is declined, once and in words", (t) => {
  const g = new ScriptedGroup({ slots: 1 });
  const d = new Desk(g, { profiles: ["tf-f32"] }).view().view();
  t.deepEqual(d.effects.map((e) => e.do), ["note"]);
});

test("headers name the newest block old enough that was seen: one that was left out holds nobody up", (t) => {
  const d = new Desk(new ScriptedGroup({ slots: 1 })).view();
  const named = () => d.all("view").at(-1)?.named;
  t.deepEqual(named(), { height: 108n, lowest: 0n }, "of the blocks that the log knew");
  d.view({ lowestRound: 3n });
  d.view({ lowestRound: 4n }, 2n); // 112 is not seen
  t.deepEqual(named(), { height: 111n, lowest: 3n });
  d.view({ lowestRound: 5n });
  t.deepEqual(named(), { height: 111n, lowest: 3n });
  d.view({ lowestRound: 5n });
  t.deepEqual(named(), { height: 113n, lowest: 4n });
});

test("a trace replays to the same effects", (t) => {
  const g = new ScriptedGroup({ slots: 2 });
  const d = new Desk(g).view();
  const round = g.rounds(2);
  d.receive(round[1] as Iteration);
  d.iterate(round[0] as Iteration);
  d.receive(round[3] as Iteration);
  d.view();
  const { steps } = replayTrace(d.lines, (_kind, setup) => new MinerMachine(nodeCrypto, setup as MinerFacts) as never);
  t.true(steps >= 7);
});
