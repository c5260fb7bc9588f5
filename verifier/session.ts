/**
 * What drives one node's machine: hands it what comes, and runs what it says. Nothing is shared between sessions, since the
 * Verify service has no authentication: a caller's facts are that caller's alone.
 */
import { type SourcesOptions } from "#net/sources.js";
import { type Logger } from "#platform/log.js";
import { type Equivocation } from "#protocol/verification/verify.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { OpenJobs, TaskFacts, VerifyAnswer, VerifyJob, VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type RunInput } from "./compute.js";
import { type Facts, readFacts } from "./facts.js";
import { type Batches, fetchBatches, fetchLog, fetchPeers } from "./fetch.js";
import { type Given, type JobInput, type JobRef, type Wanted } from "./job.js";
import { type Effect, type Input, VerifierMachine } from "./machine.js";
import { type PeerAnswers } from "./peer-answers.js";
import { type Fetcher, TaskWork } from "./task.js";
import { Unserved } from "./unserved.js";

export interface SessionOptions extends SourcesOptions {
  readonly log: Logger;
  readonly send: (answer: VerifyAnswer) => void;
  /** jobs at one time */
  readonly places?: number;
  /** for engines and logs of all tasks, bytes */
  readonly memory?: number;
  /** between two attempts at what nobody served, ms */
  readonly retryMs?: number;
  readonly found?: (taskId: bigint, equivocation: Equivocation) => void;
  /** what a task's jobs share; another one for tests */
  readonly open?: (facts: Facts, options: SourcesOptions, lost: (error: Error) => void, holds: (bytes: number) => void) => TaskWork;
}

const PLACES = 64;
const MEMORY = 2 * 1024 ** 3;
const RETRY_MS = 1_000;
const TICK_MS = 100;

/** What is held for one job that is at it. */
interface Desk {
  readonly ref: JobRef;
  readonly begun: number;
  /** ends what is being fetched */
  fetching: AbortController;
  /** ends its re-run */
  readonly over: AbortController;
  batches: Batches | undefined;
  readonly residuals: Map<bigint, Uint8Array>;
  readonly sets: (readonly Iteration[])[];
  answers: PeerAnswers | undefined;
}

const refOf = ({ job, taskId, slot, seq, head, headerHash, height, deadline }: VerifyJob): JobRef => ({ id: job, taskId, slot, seq, head: head ?? { seq: 0n, hash: new Uint8Array(0) }, claimed: headerHash.length > 0 ? headerHash : undefined, height, deadline });

export class Session {
  readonly #machine: VerifierMachine;
  readonly #refs = new Map<bigint, JobRef>();
  readonly #desks = new Map<bigint, Desk>();
  readonly #facts = new Map<bigint, Facts>();
  readonly #works = new Map<bigint, TaskWork>();
  readonly #inbox: Input[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: SessionOptions) {
    this.#machine = new VerifierMachine({ places: options.places ?? PLACES, memory: options.memory ?? MEMORY, retryMs: options.retryMs ?? RETRY_MS });
  }

  receive({ jobs, facts }: VerifyRequest): void {
    if (jobs) this.#openJobs(jobs);
    if (facts) this.#taskFacts(facts);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const id of this.#desks.keys()) this.#drop(id, "the node is gone");
    await Promise.all([...this.#works.values()].map((w) => w.close()));
    this.#works.clear();
  }

  #openJobs({ height, added, open, evidenceTimeoutMs, linkRate, blockMs }: OpenJobs): void {
    const refs = added.map(refOf);
    const stands = new Set(open);
    for (const id of this.#refs.keys()) if (!stands.has(id)) this.#refs.delete(id);
    for (const r of refs) this.#refs.set(r.id, r);
    this.#feed({ kind: "jobs", height, added: refs, open, evidenceTimeoutMs: Number(evidenceTimeoutMs), bytesPerMs: Math.max(1, Number(linkRate)) / 1000, blockMs: Number(blockMs) });
  }

  #taskFacts(f: TaskFacts): void {
    const { taskId, height } = f;
    let facts: Facts;
    try {
      facts = readFacts(f, this.#facts.get(taskId));
    } catch (e) {
      this.options.log.warn("a task's facts are not usable", { task: taskId, error: e as Error });
      return this.#feed({ kind: "noFacts", taskId });
    }
    this.#facts.set(taskId, facts);
    const work = this.#works.get(taskId);
    if (work && !work.learn(facts)) this.#feed({ kind: "lost", taskId, why: "its log was checked against heads of another chain" });
    this.#feed({ kind: "facts", facts: { taskId, height, memory: facts.memory } });
  }

  /** One input after the other: what an effect causes at once comes behind the effects beside it. */
  #feed(input: Input): void {
    if (this.#closed) return;
    this.#inbox.push(input);
    if (this.#inbox.length > 1) return;
    for (let next = this.#inbox[0]; next; next = this.#inbox[0]) {
      for (const effect of this.#machine.step(next, performance.now())) this.#run(effect);
      this.#inbox.shift();
    }
    if (this.#machine.busy) this.#timer ??= setInterval(() => this.#feed({ kind: "tick" }), TICK_MS).unref();
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #tell(job: bigint, input: JobInput): void {
    this.#feed({ kind: "job", job, input });
  }

  #run(e: Effect): void {
    switch (e.kind) {
      case "askFacts":
        return this.options.send({ factsWanted: { taskId: e.taskId, whole: e.whole } });
      case "open":
        return this.#open(e.taskId);
      case "close": {
        const work = this.#works.get(e.taskId);
        this.#works.delete(e.taskId);
        return void work?.close();
      }
      case "forget":
        return void this.#facts.delete(e.taskId);
      case "fetch":
        return void this.#fetch(this.#desk(e.job), e.what);
      case "rerun":
        return void this.#rerun(this.#desk(e.job), e.given);
      case "stop":
        return this.#desks.get(e.job)?.fetching.abort(new Error("it is not wanted any more"));
      case "drop":
        return this.#drop(e.job, e.why);
      case "verdict":
        return this.#judged(e);
      case "refresh":
      case "again":
        return; // the machine's own matter
    }
  }

  #open(taskId: bigint): void {
    const facts = this.#facts.get(taskId) as Facts;
    const { open = (...a) => new TaskWork(...a) } = this.options;
    const lost = (error: Error): void => {
      if (this.#works.get(taskId) === work) this.#feed({ kind: "lost", taskId, why: error.message });
    };
    const work = open(facts, this.options, lost, (bytes) => this.#feed({ kind: "holds", taskId, bytes }));
    this.#works.set(taskId, work);
  }

  #desk(id: bigint): Desk {
    let desk = this.#desks.get(id);
    if (!desk) {
      desk = { ref: this.#refs.get(id) as JobRef, begun: performance.now(), fetching: new AbortController(), over: new AbortController(), batches: undefined, residuals: new Map(), sets: [], answers: undefined };
      this.#desks.set(id, desk);
    }
    return desk;
  }

  #drop(id: bigint, why: string): void {
    const desk = this.#desks.get(id);
    this.#desks.delete(id);
    desk?.fetching.abort(new Error(why));
    desk?.over.abort(new Error(why));
  }

  async #fetch(desk: Desk, what: Wanted): Promise<void> {
    const { ref } = desk;
    const { id } = ref;
    desk.fetching.abort(new Error("another attempt begins"));
    const attempt = (desk.fetching = new AbortController());
    const { signal } = attempt;
    // what an attempt says that was given up is nobody's any more
    const tell = (input: JobInput): void => {
      if (!signal.aborted && this.#desks.get(id) === desk) this.#tell(id, input);
    };
    let queued = 0;
    const f: Fetcher = {
      signal,
      expect: (name, anchored, bytes) => {
        tell({ kind: "expects", what: name, anchored, bytes });
        return () => tell({ kind: "got", what: name });
      },
      arrived: (bytes) => tell({ kind: "arrived", bytes }),
      pause: async (turn) => {
        if (queued++ === 0) tell({ kind: "queued", queued: true });
        try {
          return await turn();
        } finally {
          if (--queued === 0) tell({ kind: "queued", queued: false });
        }
      },
    };
    try {
      await this.#step(desk, what, f);
      tell({ kind: "fetched" });
    } catch (e) {
      if (e instanceof Unserved) tell({ kind: "unserved", why: e.message, anchored: e.anchored });
      else tell({ kind: "broken", why: (e as Error).message });
    }
  }

  async #step(desk: Desk, what: Wanted, f: Fetcher): Promise<void> {
    const { ref } = desk;
    const work = this.#work(ref);
    this.options.send({ progress: { job: ref.id, step: what.step, done: 0n, total: 1n } });
    switch (what.step) {
      case "log":
        return fetchLog(work, ref, f);
      case "batches":
        desk.batches = await fetchBatches(work, ref, f);
        return;
      case "residual":
        desk.residuals.set(what.seq, await work.residual(ref.slot, what.seq, what.hash, f));
        return;
      case "peers":
        return fetchPeers(work, ref, f, (answers, sets) => {
          desk.answers = answers;
          desk.sets.push(...sets);
          if (!f.signal.aborted && sets.length > 0) this.#tell(ref.id, { kind: "answers", sets: desk.sets.length });
        });
    }
  }

  async #rerun(desk: Desk, given: Given): Promise<void> {
    const { ref, batches } = desk;
    const { id, slot, seq, claimed } = ref;
    try {
      const work = this.#work(ref);
      const { facts } = work;
      const residual = (s: bigint): Uint8Array | null | undefined => (given.residuals.get(s) === "none" ? null : desk.residuals.get(s));
      const before = [...given.residuals.keys()].find((s) => s !== seq);
      const peers = given.peers === undefined ? [] : given.peers === "believed" ? (desk.answers?.believed() ?? []) : (desk.sets[given.peers] ?? []);
      const anchored = Array.from({ length: work.spec.slots }, (_, s) => facts.slots.find((x) => x.slot === s)?.head?.seq ?? 0n);
      const input: RunInput = {
        slot,
        seq,
        claimed,
        residual: before === undefined ? undefined : residual(before),
        residualAfter: residual(seq),
        ...(batches as Batches),
        peers,
        peersComplete: given.peers === "believed",
        slots: facts.slots,
        anchored,
      };
      const outcome = await work.run(input, (done, total) => this.options.send({ progress: { job: id, step: "re-running", done: BigInt(done), total: BigInt(total) } }), desk.over.signal);
      if (this.#desks.get(id) === desk) this.#tell(id, { kind: "computed", outcome });
    } catch (e) {
      if (this.#desks.get(id) === desk) this.#tell(id, { kind: "broken", why: (e as Error).message });
    }
  }

  #judged({ job, code, reason, detail, equivocation }: Extract<Effect, { kind: "verdict" }>): void {
    const desk = this.#desks.get(job);
    const { taskId, slot, seq } = this.#refs.get(job) as JobRef;
    const fields = { job, task: taskId, slot, seq, code, detail, ms: Math.round(performance.now() - (desk?.begun ?? performance.now())) };
    if (code === VerdictCode.VERDICT_VALID) this.options.log.info("verdict", fields);
    else this.options.log.warn("verdict", fields);
    this.options.send({ judged: { job, code, reason, detail } });
    if (equivocation) this.options.found?.(taskId, equivocation);
  }

  #work(ref: JobRef): TaskWork {
    const work = this.#works.get(ref.taskId);
    if (!work) throw new Error(`task ${ref.taskId} is not prepared`);
    return work;
  }
}
