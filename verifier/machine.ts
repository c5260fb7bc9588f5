/**
 * What a verifier does next, as a pure machine: which task's job begins, which is put back, what is asked for, what is judged.
 *
 * Fairness (protocol section 10): tasks take turns. While others wait a task has at most an eighth of the places, what it has
 * beyond is put back, the youngest first; a job that the node does not name any more is dropped at once. What is prepared
 * of tasks stays within a budget of bytes, one half for small tasks and one for large ones: what nobody uses goes first, and
 * while a task waits for room the others of its half begin nothing new, so that it gets its turn when their jobs have ended,
 * each within its verdict window. Large tasks never keep small ones waiting.
 *
 * A call costs O(tasks) for each job that it begins. There are at most as many jobs as the chain has open.
 */
import { type JobEffect, type JobInput, JobMachine, type JobRef, type JobTimes } from "./job.js";

/** Of a task's facts what decides here. */
export interface FactsRef {
  readonly taskId: bigint;
  readonly height: bigint;
  /** bytes of an engine of it */
  readonly memory: number;
}

export type Input =
  | { readonly kind: "jobs"; readonly height: bigint; readonly added: readonly JobRef[]; readonly open: readonly bigint[]; readonly evidenceTimeoutMs: number; readonly bytesPerMs: number; readonly blockMs: number }
  | { readonly kind: "facts"; readonly facts: FactsRef }
  | { readonly kind: "noFacts"; readonly taskId: bigint }
  | { readonly kind: "job"; readonly job: bigint; readonly input: JobInput }
  /** So many bytes of the task are held beside its engine. */
  | { readonly kind: "holds"; readonly taskId: bigint; readonly bytes: number }
  /** Its thread has ended, or its log is of another chain. */
  | { readonly kind: "lost"; readonly taskId: bigint; readonly why: string }
  | { readonly kind: "tick" };

export type Effect =
  | JobEffect
  | { readonly kind: "askFacts"; readonly taskId: bigint; readonly whole: boolean }
  | { readonly kind: "open"; readonly taskId: bigint }
  | { readonly kind: "close"; readonly taskId: bigint }
  /** Nothing of the task is left: neither are its facts. */
  | { readonly kind: "forget"; readonly taskId: bigint }
  /** The job's fetches and re-runs end here, and what is held for it goes. */
  | { readonly kind: "drop"; readonly job: bigint; readonly why: string };

export interface MachineOptions {
  /** jobs that are at it at one time */
  readonly places: number;
  /** for engines and logs of all tasks, bytes */
  readonly memory: number;
  readonly retryMs: number;
}

/** While others wait, a task has this part of the places. */
const SHARE = 8;
/** A task that takes no more than this part of the memory is a small one. */
const SMALL = 64;
/** The longest step of time that counts: in what is beyond, this process stood still and heard nobody. */
const MAX_STEP_MS = 250;
/** after a failure of this process itself */
const PAUSE_MS = 1_000;
/** A job is over when so many times its verdict window has passed here, whatever the chain does. */
const WINDOWS = 2;

interface Running {
  readonly job: JobMachine;
  readonly until: number;
}

interface TaskState {
  readonly waiting: JobRef[];
  readonly running: Map<bigint, Running>;
  /** of the facts that are here */
  factsHeight: bigint | undefined;
  asking: boolean;
  prepared: boolean;
  memory: number;
  holds: number;
  /** nothing of it begins before */
  notBefore: number;
  /** order in which tasks were last used */
  usedAt: number;
}

export class VerifierMachine {
  readonly #tasks = new Map<bigint, TaskState>();
  readonly #taskOf = new Map<bigint, bigint>();
  readonly #share: number;
  #times: JobTimes;
  #height = 0n;
  #blockMs = 1_000;
  /** time in which this process ran */
  #awake = 0;
  #last: number | undefined;
  /** whose turn it was last */
  #turn: bigint | undefined;
  #order = 0;
  /** of the small tasks and of the large ones, which lacks nothing but room */
  readonly #shortOf = new Map<boolean, bigint>();

  constructor(private readonly options: MachineOptions) {
    this.#share = Math.max(1, Math.floor(options.places / SHARE));
    this.#times = { evidenceTimeoutMs: 0, bytesPerMs: 1, retryMs: options.retryMs };
  }

  /** Whether anything waits for time to pass. */
  get busy(): boolean {
    return this.#taskOf.size > 0;
  }

  step(input: Input, now: number): Effect[] {
    this.#awake += Math.min(Math.max(0, now - (this.#last ?? now)), MAX_STEP_MS);
    this.#last = now;
    const out: Effect[] = [];
    switch (input.kind) {
      case "jobs":
        this.#jobs(input, out);
        break;
      case "facts":
        this.#facts(input.facts, out);
        break;
      case "noFacts":
        this.#noFacts(input.taskId);
        break;
      case "job":
        this.#job(input.job, input.input, out);
        break;
      case "holds": {
        const task = this.#tasks.get(input.taskId);
        if (task) task.holds = input.bytes;
        break;
      }
      case "lost":
        this.#lost(input, out);
        break;
      case "tick":
        for (const task of this.#tasks.values()) for (const [id, r] of task.running) if (this.#awake >= r.until) this.#end(id, out, "it took longer than its verdict window");
        for (const id of this.#taskOf.keys()) this.#job(id, { kind: "tick" }, out);
    }
    this.#begin(out);
    return out;
  }

  #jobs({ height, added, open, ...times }: Extract<Input, { kind: "jobs" }>, out: Effect[]): void {
    this.#height = height;
    this.#blockMs = times.blockMs;
    this.#times = { evidenceTimeoutMs: times.evidenceTimeoutMs, bytesPerMs: times.bytesPerMs, retryMs: this.options.retryMs };
    const stands = new Set(open);
    for (const id of this.#taskOf.keys()) if (!stands.has(id)) this.#end(id, out, "it is decided, has lapsed, or its verdict is recorded");
    for (const ref of added) {
      if (this.#taskOf.has(ref.id) || !stands.has(ref.id)) continue;
      this.#taskOf.set(ref.id, ref.taskId);
      this.#task(ref.taskId).waiting.push(ref);
    }
  }

  #facts({ taskId, height, memory }: FactsRef, out: Effect[]): void {
    const task = this.#tasks.get(taskId);
    if (!task) return;
    task.asking = false;
    task.factsHeight = height;
    task.memory = memory;
    for (const id of task.running.keys()) this.#job(id, { kind: "facts" }, out);
  }

  /** They could not be read: asked for again after a while, as long as the node names its jobs. */
  #noFacts(taskId: bigint): void {
    const task = this.#tasks.get(taskId);
    if (!task) return;
    task.asking = false;
    task.notBefore = this.#awake + PAUSE_MS;
  }

  #job(id: bigint, input: JobInput, out: Effect[]): void {
    const task = this.#tasks.get(this.#taskOf.get(id) ?? -1n);
    const running = task?.running.get(id);
    if (!task || !running) return;
    for (const effect of running.job.on(input, this.#awake)) {
      if (effect.kind === "refresh") {
        this.#ask(task, running.job.ref.taskId, out);
        continue;
      }
      if (effect.kind === "again") {
        out.push({ kind: "drop", job: id, why: effect.why });
        task.running.delete(id);
        task.waiting.unshift(running.job.ref);
        task.notBefore = this.#awake + PAUSE_MS;
        continue;
      }
      out.push(effect);
      if (effect.kind === "verdict") this.#end(id, out, "it is judged");
    }
  }

  #lost({ taskId, why }: Extract<Input, { kind: "lost" }>, out: Effect[]): void {
    const task = this.#tasks.get(taskId);
    if (!task?.prepared) return;
    for (const id of [...task.running.keys()].toReversed()) this.#putBack(task, id, out, why);
    this.#close(taskId, task, out);
    task.notBefore = this.#awake + PAUSE_MS;
  }

  /** Begins what has its turn and a place. */
  #begin(out: Effect[]): void {
    for (;;) {
      const next = this.#next(out);
      if (!next) return;
      const [taskId, task] = next;
      const ref = task.waiting.shift() as JobRef;
      const job = new JobMachine(ref, this.#times);
      const blocks = ref.deadline > this.#height ? Number(ref.deadline - this.#height) : 1;
      task.running.set(ref.id, { job, until: this.#awake + WINDOWS * blocks * this.#blockMs + this.#times.evidenceTimeoutMs });
      this.#turn = taskId;
      task.usedAt = ++this.#order;
      out.push(...(job.start(this.#awake) as Effect[]));
    }
  }

  /** The next task in turn that can begin a job, with its facts here, a place free and room made. */
  #next(out: Effect[]): [bigint, TaskState] | undefined {
    const waiting = this.#inTurn().filter(([, t]) => t.waiting.length > 0 && this.#awake >= t.notBefore);
    for (const [id, t] of waiting) if (!t.prepared && this.#knows(t) && !this.#fits(t) && !this.#short(t)) this.#shortOf.set(this.#small(t), id);
    for (const [taskId, task] of waiting) {
      if (!this.#knows(task)) {
        this.#ask(task, taskId, out);
        continue;
      }
      if (task.running.size >= this.#share && waiting.some(([id]) => id !== taskId)) continue;
      const short = this.#short(task);
      if (short && short !== task) continue;
      if (!this.#place(task, out)) continue;
      if (!task.prepared && !this.#prepare(taskId, task, out)) continue;
      return [taskId, task];
    }
    return undefined;
  }

  /** Tasks in order, beginning behind the one whose turn it was last. */
  #inTurn(): [bigint, TaskState][] {
    const all = [...this.#tasks];
    const at = all.findIndex(([id]) => id === this.#turn);
    return [...all.slice(at + 1), ...all.slice(0, at + 1)];
  }

  #knows(task: TaskState): boolean {
    const ref = task.waiting[0];
    return task.factsHeight !== undefined && ref !== undefined && task.factsHeight >= ref.height;
  }

  #ask(task: TaskState, taskId: bigint, out: Effect[]): void {
    if (task.asking) return;
    task.asking = true;
    out.push({ kind: "askFacts", taskId, whole: task.factsHeight === undefined });
  }

  /** A free place for the task; taken from whoever has more than its share. */
  #place(task: TaskState, out: Effect[]): boolean {
    let running = 0;
    let most: TaskState | undefined;
    for (const t of this.#tasks.values()) {
      running += t.running.size;
      if (t !== task && t.running.size > (most?.running.size ?? this.#share)) most = t;
    }
    if (running < this.options.places) return true;
    if (!most || task.running.size >= this.#share) return false;
    this.#putBack(most, [...most.running.keys()].at(-1) as bigint, out, "others wait for its place");
    return true;
  }

  #putBack(task: TaskState, id: bigint, out: Effect[], why: string): void {
    const running = task.running.get(id) as Running;
    task.running.delete(id);
    task.waiting.unshift(running.job.ref);
    out.push({ kind: "drop", job: id, why });
  }

  /** The task that waits for room in this one's half, until it has it: nothing else begins there before. */
  #short(task: TaskState): TaskState | undefined {
    const short = this.#tasks.get(this.#shortOf.get(this.#small(task)) ?? -1n);
    return short && !short.prepared && short.waiting.length > 0 ? short : undefined;
  }

  #small(task: TaskState): boolean {
    return task.memory * SMALL <= this.options.memory;
  }

  /** Bytes of what is prepared in the task's half. */
  #used(task: TaskState, counts: (t: TaskState) => boolean): number {
    let used = 0;
    for (const t of this.#tasks.values()) if (t.prepared && this.#small(t) === this.#small(task) && counts(t)) used += t.memory + t.holds;
    return used;
  }

  /** Whether there would be room if all that nobody uses went. A task that is too large for its half has it alone. */
  #fits(task: TaskState): boolean {
    const kept = this.#used(task, (t) => t.running.size > 0);
    return kept === 0 || kept + task.memory <= this.options.memory / 2;
  }

  #prepare(taskId: bigint, task: TaskState, out: Effect[]): boolean {
    if (!this.#fits(task)) return false;
    const idle = [...this.#tasks].filter(([, t]) => t.prepared && t.running.size === 0 && this.#small(t) === this.#small(task)).toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [id, t] of idle) {
      if (this.#used(task, () => true) + task.memory <= this.options.memory / 2) break;
      this.#close(id, t, out);
    }
    task.prepared = true;
    out.push({ kind: "open", taskId });
    return true;
  }

  #close(taskId: bigint, task: TaskState, out: Effect[]): void {
    task.prepared = false;
    task.holds = 0;
    out.push({ kind: "close", taskId });
    this.#forgetIfOver(taskId, task, out);
  }

  #end(id: bigint, out: Effect[], why: string): void {
    const taskId = this.#taskOf.get(id);
    const task = taskId === undefined ? undefined : this.#tasks.get(taskId);
    if (taskId === undefined || !task) return;
    this.#taskOf.delete(id);
    const at = task.waiting.findIndex((r) => r.id === id);
    if (at >= 0) task.waiting.splice(at, 1);
    if (task.running.delete(id)) out.push({ kind: "drop", job: id, why });
    this.#forgetIfOver(taskId, task, out);
  }

  /** What is prepared stays for the task's next job, as long as there is room. */
  #forgetIfOver(taskId: bigint, task: TaskState, out: Effect[]): void {
    if (task.prepared || task.waiting.length > 0 || task.running.size > 0) return;
    this.#tasks.delete(taskId);
    out.push({ kind: "forget", taskId });
  }

  #task(id: bigint): TaskState {
    let task = this.#tasks.get(id);
    if (!task) {
      task = { waiting: [], running: new Map(), factsHeight: undefined, asking: false, prepared: false, memory: 0, holds: 0, notBefore: 0, usedAt: 0 };
      this.#tasks.set(id, task);
    }
    return task;
  }
}
