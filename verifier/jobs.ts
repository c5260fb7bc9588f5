/**
 * The jobs of this verifier: each judged once, whoever asks how often. The Verify service has no authentication, so
 * nothing is shared by a number that a caller names: a verdict belongs to the whole request, and a task's log and engine
 * to all that they were built from and checked against. Verdicts are kept as long as the process lives; the node keeps
 * them on disk and asks again only for what it has no verdict of.
 */
import { toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { type VerifyProgress, VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { type Logger } from "#platform/log.js";
import { judge, type Judgement } from "./judge.js";
import { Stalls } from "./stalls.js";
import { sessionKeys, type TaskOptions, TaskWork } from "./task.js";

type Listener = (progress: Partial<VerifyProgress>) => void;

interface Run {
  readonly listeners: Set<Listener>;
  readonly done: Promise<Judgement>;
}

interface Shared {
  readonly work: TaskWork;
  /** jobs that are at it: what is in use is not closed */
  users: number;
  retired: boolean;
}

/** Verdicts kept in memory, and tasks without a running job. */
const KEPT_JOBS = 4096;
const KEPT_TASKS = 4;

export interface JobsOptions extends TaskOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** between two attempts at what nobody served, ms */
  readonly retryMs?: number;
  readonly found?: (request: VerifyRequest, judgement: Judgement) => void;
}

export class Jobs {
  readonly #runs = new Map<string, Run>();
  readonly #tasks = new Map<string, Shared>();
  readonly #stalls = new Stalls();

  constructor(private readonly options: JobsOptions) {}

  /** The verdict on a job; `listen` hears of progress meanwhile. */
  async verify(request: VerifyRequest, listen: Listener): Promise<Judgement> {
    if (!request.job) throw new Error("the request names no job");
    const key = toHex(nodeCrypto.sha256(VerifyRequest.encode(request)));
    let run = this.#runs.get(key);
    if (!run) {
      const listeners = new Set([listen]); // it hears of the first step too
      run = { listeners, done: this.#run(request, (p) => listeners.forEach((l) => l(p))) };
      run.done.catch(() => this.#runs.delete(key));
      this.#runs.set(key, run);
      if (this.#runs.size > KEPT_JOBS) this.#runs.delete(this.#runs.keys().next().value as string);
    }
    run.listeners.add(listen);
    try {
      return await run.done;
    } finally {
      run.listeners.delete(listen);
    }
  }

  async close(): Promise<void> {
    this.#stalls.close();
    await Promise.all([...this.#tasks.values()].map((t) => t.work.close()));
    this.#tasks.clear();
  }

  async #run(request: VerifyRequest, tell: Listener): Promise<Judgement> {
    const { log, signal, retryMs } = this.options;
    const { id, taskId, slot, seq } = request.job as NonNullable<VerifyRequest["job"]>;
    const started = performance.now();
    const task = this.#take(request);
    try {
      const judgement = await judge(task.work, request, {
        signal,
        stalls: this.#stalls,
        ...(retryMs === undefined ? {} : { retryMs }),
        progress: (step, done, total) => tell({ job: id, step, done: BigInt(done), total: BigInt(total) }),
      });
      const fields = { job: id, task: taskId, slot, seq, code: judgement.code, detail: judgement.detail, ms: Math.round(performance.now() - started) };
      if (judgement.code === 1) log.info("verdict", fields);
      else log.warn("verdict", fields);
      if (judgement.equivocation) this.options.found?.(request, judgement);
      return judgement;
    } finally {
      this.#leave(task);
    }
  }

  /** The shared work of a request's task: another one where this one's log was checked against heads of another chain. */
  #take(request: VerifyRequest): Shared {
    const key = taskKey(request);
    let task = this.#tasks.get(key);
    if (task && !task.work.serves(request)) {
      this.#retire(key, task);
      task = undefined;
    }
    task ??= { work: new TaskWork(request, this.options), users: 0, retired: false };
    this.#tasks.delete(key);
    this.#tasks.set(key, task); // the last one used stands last
    task.users++;
    const idle = [...this.#tasks].filter(([, t]) => t.users === 0);
    for (const [k, t] of idle.slice(0, Math.max(0, idle.length - KEPT_TASKS))) this.#retire(k, t);
    return task;
  }

  #leave(task: Shared): void {
    task.users--;
    if (task.retired && task.users === 0) void task.work.close();
  }

  #retire(key: string, task: Shared): void {
    this.#tasks.delete(key);
    task.retired = true;
    if (task.users === 0) void task.work.close();
  }
}

/** All that the shared work is built from. What changes from block to block (phase, endpoints, anchors) comes with each job. */
function taskKey(request: VerifyRequest): string {
  const { id, spec, startBeacon, startHeight } = request.task ?? Task.create({});
  const keys = sessionKeys(request).map(toHex).join(",");
  return `${request.chainId}/${toHex(nodeCrypto.sha256(Task.encode(Task.create({ id, spec, startBeacon, startHeight }))))}/${toHex(nodeCrypto.sha256(Buffer.from(keys)))}`;
}
