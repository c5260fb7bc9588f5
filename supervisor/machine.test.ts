import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { AttestedHead, Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase, Task } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { LogFrontier } from "#protocol/log/log-root.js";
import { canonical, fromCanonical, replayTrace, traced } from "#protocol/machine.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { BEACON, ScriptedGroup } from "#test/daemons/scripted.js";
import { SupervisorMachine, type SupervisorEffect, type SupervisorFacts, type SupervisorInput, type Transaction } from "./machine.js";

const facts: SupervisorFacts = { chainId: "c-1", worker: "s0", endpoint: "127.0.0.1:1", anchorInterval: 5n, parameters: 67, groups: new ScriptedGroup({ slots: 1 }).groups };

/** A machine whose driver does everything at once. */
class Desk {
  readonly lines: string[] = [];
  readonly machine = traced(new SupervisorMachine(nodeCrypto, facts), "supervisor", facts, (line) => this.lines.push(line));
  readonly log: string[] = [];
  readonly hashes = new Map<string, Uint8Array>();
  readonly sent: Transaction[] = [];
  readonly notes: string[] = [];
  readonly outcomes: string[] = [];
  readonly acknowledged: string[] = [];
  fills: SupervisorEffect[] = [];
  /** what the chain says to a transaction; undefined: nothing yet */
  answer: (tx: Transaction) => boolean | undefined = () => true;
  #id = 0;
  height = 109n;

  constructor(readonly group: ScriptedGroup) {}

  view(change: Partial<TaskView> = {}, blocks = 1n): this {
    this.height += blocks;
    const { spec, taskId, startHeight } = this.group;
    const seats = [
      ...this.group.keys.map((k, index) => Seat.create({ role: Role.ROLE_MINER, index, worker: `m${index}`, joined: true, sessionKey: k.publicKey })),
      ...[0, 1, 2].map((index) => Seat.create({ role: Role.ROLE_SUPERVISOR, index, worker: `s${index}`, joined: true, endpoint: `127.0.0.1:${index + 1}` })),
    ];
    const task = Task.create({ id: taskId, spec, phase: Phase.PHASE_TRAINING, startHeight, startBeacon: BEACON });
    const slots = this.group.keys.map((_, slot) => Slot.create({ slot, taskId }));
    return this.step({ kind: "view", view: { height: this.height, task, seats, slots, lowestRound: 0n, submissions: [], reveals: [], attested: [], ...change } });
  }

  receive(m: Iteration): string {
    this.step({ kind: "message", id: ++this.#id, message: m });
    return this.outcomes.at(-1) as string;
  }

  step(first: SupervisorInput): this {
    const inputs = [first];
    for (let input = inputs.shift(); input; input = inputs.shift()) {
      for (const e of this.machine.step(input, 0)) inputs.push(...this.#perform(e));
    }
    return this;
  }

  #perform(e: SupervisorEffect): SupervisorInput[] {
    switch (e.do) {
      case "open":
        return [{ kind: "opened", slots: this.group.emptyLogs().map(({ tip }) => ({ tip, signature: new Uint8Array(0), frontier: new LogFrontier(nodeCrypto).encode() })), rounds: [{ from: 100n, to: 109n, lowest: 0n }] }, { kind: "manifest", batchHashes: this.group.batchHashes }];
      case "verify":
        return [{ kind: "verified", good: [{ ticket: e.ticket, good: nodeCrypto.verifyEd25519(e.key, e.message, e.signature) }] }];
      case "lookup":
        return [{ kind: "looked", ticket: e.ticket, hash: this.hashes.get(`${e.slot}/${e.seq}`) }];
      case "append":
        this.log.push(`${e.slot}/${e.seq}`);
        this.hashes.set(`${e.slot}/${e.seq}`, e.hash);
        return [{ kind: "stored", slot: e.slot, seq: e.seq, signature: e.message.signature }];
      case "more":
        return [{ kind: "more" }];
      case "askRound":
        return [{ kind: "round", height: e.height }];
      case "findHashes":
        return [{ kind: "hashes", found: e.wanted.flatMap((w) => { const hash = this.hashes.get(`${w.slot}/${w.seq}`); return hash ? [{ ...w, hash }] : []; }) }];
      case "transact": {
        this.sent.push(e.tx);
        const ok = this.answer(e.tx);
        return ok === undefined ? [] : [{ kind: "sent", what: e.tx.what, ...(e.tx.what === "equivocation" ? { slot: e.tx.slot } : {}), ok }];
      }
      case "settle":
        this.outcomes.push(e.outcome);
        return [];
      case "note":
        this.notes.push(e.text);
        return [];
      case "acknowledge":
        this.acknowledged.push(`${e.worker}:${e.slot}/${e.seq}`);
        return [];
      case "fill":
        this.fills.push(e);
        return [];
      default:
        return [];
    }
  }

  anchors(): string[] {
    return this.sent.flatMap((tx) => (tx.what === "anchor" ? [`${tx.heads.map((h) => `${h.slot}/${h.seq}`).join(" ")} | ${tx.seen.map((h) => `${h.slot}/${h.seq}`).join(" ")}`] : []));
  }
}

test("what is logged is anchored each interval, and an empty log says that it is alive at once", (t) => {
  const g = new ScriptedGroup({ slots: 2 });
  const d = new Desk(g).view();
  t.deepEqual(d.anchors(), [" | "], "in the block in which it started");
  for (const m of g.rounds(3)) t.is(d.receive(m), "held");
  t.deepEqual(d.log, ["0/1", "1/1", "0/2", "1/2", "0/3", "1/3"]);
  t.deepEqual(d.acknowledged.slice(-1), ["m1:1/3"]);
  for (let i = 0; i < 4; i++) d.view();
  t.is(d.anchors().length, 1);
  d.view();
  t.deepEqual(d.anchors().slice(1), ["0/3 1/3 | "]);
  const attested = [AttestedHead.create({ supervisor: 1, slot: 0, seq: 2n, hash: d.hashes.get("0/2") as Uint8Array }), AttestedHead.create({ supervisor: 2, slot: 1, seq: 2n, hash: new Uint8Array(32) })];
  d.view({ attested }, 5n);
  t.deepEqual(d.anchors().slice(2), [" | 0/2"], "what others attested is seen where our log contains it, and nothing is sent twice");
});

test("an anchor that the chain did not take is sent again, with what it held", (t) => {
  const g = new ScriptedGroup({ slots: 1 });
  const d = new Desk(g).view();
  for (const m of g.rounds(1)) d.receive(m);
  d.answer = () => false;
  d.view({}, 5n);
  d.answer = () => true;
  d.view({}, 5n).view({}, 5n);
  t.deepEqual(d.anchors().slice(1), ["0/1 | ", "0/1 | ", " | "]);
});

test("nothing is anchored once the log cannot be written", (t) => {
  const d = new Desk(new ScriptedGroup({ slots: 1 })).view();
  d.step({ kind: "storeFailed" }).view({}, 5n);
  t.is(d.anchors().length, 1);
  t.deepEqual(d.notes, ["the log cannot be written: stop, free the disk, start again"]);
});

test("a log without its manifest is anchored, and takes messages when it has come", (t) => {
  const g = new ScriptedGroup({ slots: 1 });
  const plain = new SupervisorMachine(nodeCrypto, facts);
  const d = new Desk(g);
  const task = Task.create({ id: 7n, spec: g.spec, phase: Phase.PHASE_TRAINING, startHeight: g.startHeight, startBeacon: BEACON });
  const seats = [Seat.create({ role: Role.ROLE_SUPERVISOR, index: 0, worker: "s0", joined: true, endpoint: facts.endpoint })];
  const view = { height: 110n, task, seats, slots: [Slot.create({ slot: 0 })], lowestRound: -1n, submissions: [], reveals: [], attested: [] };
  t.true(plain.step({ kind: "view", view }, 0).some((e) => e.do === "open"));
  const opened = plain.step({ kind: "opened", slots: [{ tip: g.emptyLogs()[0]!.tip, signature: new Uint8Array(0), frontier: new LogFrontier(nodeCrypto).encode() }], rounds: [] }, 0);
  t.true(opened.some((e) => e.do === "findHashes"), "its anchor begins");
  t.deepEqual(plain.step({ kind: "message", id: 1, message: g.message(0, [0n]) }, 0), [{ do: "settle", id: 1, outcome: "full" }]);
  t.true(plain.step({ kind: "manifest", batchHashes: g.batchHashes }, 0).some((e) => e.do === "ready"));
  void d;
});

test("proof of equivocation is sent until the chain has closed the slot", (t) => {
  const g = new ScriptedGroup({ slots: 1 });
  const d = new Desk(g).view();
  const fork = g.message(0, [0n], { loss: 7 });
  d.answer = (tx) => tx.what !== "equivocation";
  for (const m of [...g.rounds(1), fork]) d.receive(m);
  const reports = (): number => d.sent.filter((tx) => tx.what === "equivocation").length;
  t.is(reports(), 1);
  d.view();
  t.is(reports(), 1, "not at every block");
  d.view().view().view();
  t.is(reports(), 2);
  const closed = [Slot.create({ slot: 0, status: SlotStatus.SLOT_CLOSED_FAULT, closedHeight: d.height, closedSeq: 0n })];
  for (let i = 0; i < 9; i++) d.view({ slots: closed });
  t.is(reports(), 2);
});

test("what is anchored and not here is asked for, and what a held message names", (t) => {
  const g = new ScriptedGroup({ slots: 2 });
  const d = new Desk(g).view();
  const [a1, b1, a2] = g.rounds(2) as [Iteration, Iteration, Iteration];
  d.receive(a1);
  t.is(d.receive(a2), "held");
  d.fills = [];
  d.view({ slots: [0, 1].map((slot) => Slot.create({ slot, head: { height: 110n, seq: 4n, hash: new Uint8Array(32) } })) });
  t.deepEqual(d.fills, [{ do: "fill", gaps: [{ slot: 1, from: 1n, to: 4n, namedBy: [0] }, { slot: 0, from: 2n, to: 4n, namedBy: [] }] }]);
  d.receive(b1);
  t.deepEqual(d.log, ["0/1", "1/1", "0/2"]);
});

test("a trace replays to the same effects, byte for byte, and a changed one does not", (t) => {
  const g = new ScriptedGroup({ slots: 3 });
  const d = new Desk(g).view();
  for (const m of g.rounds(5)) d.receive(m);
  d.receive(g.message(0, [0n, 0n, 0n]));
  d.view({}, 5n);
  const make = (kind: string, setup: unknown): SupervisorMachine => (t.is(kind, "supervisor"), new SupervisorMachine(nodeCrypto, setup as SupervisorFacts));
  const { steps, effects } = replayTrace(d.lines, make as never);
  t.true(steps > 30 && effects > 60);
  const changed = d.lines.map((line) => line.replace('"outcome":"held"', '"outcome":"far"'));
  t.throws(() => replayTrace(changed, make as never), { message: /supervisor, step \d+: other effects/ });
  t.is(canonical(fromCanonical(d.lines[5] as string)), d.lines[5] as string);
});
