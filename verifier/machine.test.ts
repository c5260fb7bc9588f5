import test from "ava";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type JobInput, type JobRef } from "./job.js";
import { type Effect, type Input, VerifierMachine } from "./machine.js";

const MIB = 1 << 20;
const ref = (id: number, taskId: number, height = 1n): JobRef => ({ id: BigInt(id), taskId: BigInt(taskId), slot: 0, seq: 1n, head: { seq: 1n, hash: new Uint8Array(32) }, claimed: undefined, height, deadline: 31n });
const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** A machine on a clock of its own, which is answered for the facts that it asks for. */
class Bench {
  readonly machine: VerifierMachine;
  readonly effects: Effect[] = [];
  now = 0;
  open: JobRef[] = [];
  height = 1n;

  constructor(options: { places?: number; memory?: number } = {}, private readonly memoryOf: (taskId: bigint) => number = () => MIB) {
    this.machine = new VerifierMachine({ places: 64, memory: 1024 * MIB, retryMs: 1_000, ...options });
  }
  feed(input: Input): void {
    for (const e of this.machine.step(input, this.now)) {
      this.effects.push(e);
      if (e.kind === "askFacts") this.feed({ kind: "facts", facts: { taskId: e.taskId, height: this.height, memory: this.memoryOf(e.taskId) } });
    }
  }
  jobs(refs: readonly JobRef[]): void {
    const added = refs.filter((r) => !this.open.some((o) => o.id === r.id));
    this.open = [...refs];
    this.feed({ kind: "jobs", height: this.height, added, open: refs.map((r) => r.id), evidenceTimeoutMs: 20_000, bytesPerMs: 262.144, blockMs: 1_000 });
  }
  job(id: number, input: JobInput): void {
    this.feed({ kind: "job", job: BigInt(id), input });
  }
  /** Time passes, in ticks as the driver's. */
  pass(ms: number): void {
    for (let i = 0; i < ms; i += 100) {
      this.now += 100;
      this.feed({ kind: "tick" });
    }
  }
  /** Jobs that are at it, by task. */
  running(): Record<string, number> {
    const at = new Set<bigint>();
    for (const e of this.effects) {
      if (e.kind === "fetch") at.add(e.job);
      if (e.kind === "drop") at.delete(e.job);
    }
    const out: Record<string, number> = {};
    for (const id of at) {
      const task = `${this.#taskOf.get(id)}`;
      out[task] = (out[task] ?? 0) + 1;
    }
    return out;
  }
  readonly #taskOf = { get: (id: bigint) => id / 1_000n };
  of<K extends Effect["kind"]>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((e): e is Extract<Effect, { kind: K }> => e.kind === kind);
  }
}
/** Jobs of a task are numbered by it. */
const jobsOf = (task: number, count: number): JobRef[] => range(task * 1_000 + 1, count).map((id) => ref(id, task));

test("a task alone has all places; when another waits it is put back to an eighth, the oldest going on", (t) => {
  const b = new Bench();
  b.jobs(jobsOf(1, 64));
  t.deepEqual(b.running(), { 1: 64 });
  b.jobs([...jobsOf(1, 64), ...jobsOf(2, 1)]);
  t.deepEqual(b.running(), { 1: 63, 2: 1 }, "at once, though 64 jobs of the other are at it");
  b.jobs([...jobsOf(1, 64), ...range(2, 7).flatMap((task) => jobsOf(task, 64))]);
  t.deepEqual(b.running(), { 1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 8, 8: 8 });
  const dropped = new Set(b.of("drop").map((e) => e.job));
  t.true(range(1_001, 8).every((id) => !dropped.has(BigInt(id))), "the oldest were not put back");
});

test("tasks take turns, however many jobs one of them has", (t) => {
  const b = new Bench({ places: 8 });
  b.jobs([...jobsOf(1, 100), ...jobsOf(2, 100), ...jobsOf(3, 2)]);
  t.deepEqual(b.running(), { 1: 1, 2: 1, 3: 1 }, "an eighth each, while others wait");
  b.jobs([...jobsOf(1, 100).slice(1), ...jobsOf(2, 100), ...jobsOf(3, 2)]);
  t.is(b.of("fetch").at(-1)?.job, 1_002n, "the turn of the one whose job has ended");
  b.jobs(jobsOf(1, 100).slice(1));
  t.deepEqual(b.running(), { 1: 8 }, "nobody else waits any more");
});

test("a job that the node names no more is dropped at once, and its place is the next one's", (t) => {
  const b = new Bench({ places: 1 });
  b.jobs([ref(1_001, 1), ref(1_002, 1)]);
  t.deepEqual(b.of("fetch").map((e) => e.job), [1_001n]);
  b.jobs([ref(1_002, 1)]);
  t.deepEqual(b.of("drop").map((e) => e.job), [1_001n]);
  t.deepEqual(b.of("fetch").map((e) => e.job), [1_001n, 1_002n]);
  b.job(1_001, { kind: "fetched" });
  t.is(b.of("fetch").length, 2, "what comes for it later is nobody's");
});

test("a job is over when its verdict window has passed here twice, even where the chain stands still", (t) => {
  const b = new Bench({ places: 1 });
  b.jobs([ref(1_001, 1), ref(2_001, 2)]);
  // it goes on and on: bytes come as fast as they must
  for (let i = 0; i < 81; i++) {
    b.job(1_001, { kind: "arrived", bytes: 262_144 });
    b.pass(1_000);
  }
  t.deepEqual(b.of("drop").map((e) => e.job), [1_001n]);
  t.is(b.of("fetch").at(-1)?.job, 2_001n);
  t.is(b.of("verdict").length, 0);
});

test("what is prepared stays within the memory: idle tasks are closed, the least recently used first", (t) => {
  const b = new Bench({ memory: 20 * MIB }, () => 4 * MIB);
  for (const task of [1, 2, 3]) {
    b.jobs(jobsOf(task, 1));
    b.jobs([]);
  }
  t.deepEqual(b.of("open").map((e) => e.taskId), [1n, 2n, 3n]);
  t.deepEqual(b.of("close").map((e) => e.taskId), [1n], "10 MiB hold two of them");
  b.jobs(jobsOf(2, 1));
  t.is(b.of("open").length, 3, "one that stayed is not prepared again");
});

test("a large task gets its turn when those that have the room end, and keeps no small one waiting", (t) => {
  const b = new Bench({ memory: 640 * MIB }, (id) => (id < 10n ? 200 * MIB : MIB));
  b.jobs(jobsOf(1, 3));
  b.jobs([...jobsOf(1, 3), ...jobsOf(2, 1)]);
  b.jobs([...jobsOf(1, 6), ...jobsOf(2, 1)]);
  t.deepEqual(b.of("open").map((e) => e.taskId), [1n], "400 MiB are more than the half of the large ones");
  t.deepEqual(b.running(), { 1: 3 }, "the first begins nothing new meanwhile");
  b.jobs([...jobsOf(1, 6), ...jobsOf(2, 1), ...jobsOf(11, 1)]);
  t.is(b.running()["11"], 1);
  b.jobs([...jobsOf(2, 1), ...jobsOf(11, 1), ...jobsOf(1, 6).slice(3)]);
  t.is(b.running()["2"], 1);
  t.deepEqual(b.of("close").map((e) => e.taskId), [1n]);
});

test("silence is evidence_timeout and what the bytes need over a link of link_rate: a trickle does not stretch it", (t) => {
  const b = new Bench();
  b.jobs([{ ...ref(1_001, 1), deadline: 1_000n }]);
  b.job(1_001, { kind: "expects", bytes: 1_000, what: "message 0/100", anchored: true });
  // 100 MiB at 5 Mbit/s: 160 s, more than link_rate asks for
  for (let s = 0; s < 160; s++) {
    b.job(1_001, { kind: "arrived", bytes: 625_000 });
    b.pass(1_000);
  }
  t.is(b.of("verdict").length, 0, "a slow link that is as fast as link_rate is no silence");
  const trickled = new Bench();
  trickled.jobs([{ ...ref(1_001, 1), deadline: 1_000n }]);
  trickled.job(1_001, { kind: "expects", bytes: 1_000, what: "message 0/100", anchored: true });
  let seconds = 0;
  for (; trickled.of("verdict").length === 0; seconds++) {
    trickled.job(1_001, { kind: "arrived", bytes: 10_000 });
    trickled.pass(1_000);
  }
  t.like(trickled.of("verdict")[0], { code: VerdictCode.VERDICT_UNSERVED });
  t.true(seconds <= 22, `${seconds} s`);
});

test("silence is UNSERVED only where something is missing that supervisors must serve, whatever else was fetched beside it", (t) => {
  const giveUp = (anchored: boolean): Effect | undefined => {
    const b = new Bench();
    b.jobs([ref(1_001, 1)]);
    b.job(1_001, { kind: "expects", bytes: 1, what: "message 1/9", anchored });
    b.job(1_001, { kind: "expects", bytes: 1, what: "message 2/9", anchored: !anchored });
    b.job(1_001, { kind: "got", what: "message 2/9" });
    b.pass(20_500);
    return b.effects.findLast((e) => e.kind === "verdict" || e.kind === "fetch");
  };
  t.like(giveUp(true), { kind: "verdict", code: VerdictCode.VERDICT_UNSERVED });
  t.like(giveUp(false), { kind: "fetch", what: { step: "batches" } }, "the miner may still show what its peer signed");
});

test("time in which this process stood still is nobody's silence", (t) => {
  const b = new Bench();
  b.jobs([ref(1_001, 1)]);
  b.now += 60_000;
  b.feed({ kind: "tick" });
  t.is(b.of("verdict").length, 0);
  b.job(1_001, { kind: "expects", bytes: 1, what: "message 0/1", anchored: true });
  b.pass(20_500);
  t.like(b.of("verdict")[0], { code: VerdictCode.VERDICT_UNSERVED });
});

test("facts are asked for once, again for a job of a later block, and whole only at first", (t) => {
  const b = new Bench();
  b.jobs([ref(1_001, 1), ref(1_002, 1)]);
  b.height = 2n;
  b.jobs([ref(1_001, 1), ref(1_002, 1), ref(1_003, 1, 2n)]);
  t.deepEqual(b.of("askFacts").map((e) => e.whole), [true, false]);
});
