/**
 * The jobs of this verifier: each judged once, whoever asks how often. Verdicts are kept as long as the process lives;
 * the node keeps them on disk and asks again only for what it has no verdict of.
 */
import { type VerifyProgress, type VerifyRequest } from "#proto/gen/pouw.js";
import { type Logger } from "#platform/log.js";
import { judge, type Judgement } from "./judge.js";
import { TaskWork } from "./task.js";

type Listener = (progress: Partial<VerifyProgress>) => void;

interface Run {
  readonly listeners: Set<Listener>;
  readonly done: Promise<Judgement>;
}

/** Verdicts and tasks kept in memory. */
const KEPT_JOBS = 4096;
const KEPT_TASKS = 4;

export class Jobs {
  readonly #runs = new Map<bigint, Run>();
  readonly #tasks = new Map<bigint, Promise<TaskWork>>();

  constructor(
    private readonly options: { readonly allowPrivate: boolean; readonly log: Logger; readonly signal: AbortSignal; readonly found?: (request: VerifyRequest, judgement: Judgement) => void },
  ) {}

  /** The verdict on a job; `listen` hears of progress meanwhile. */
  async verify(request: VerifyRequest, listen: Listener): Promise<Judgement> {
    const id = request.job?.id;
    if (id === undefined) throw new Error("the request names no job");
    let run = this.#runs.get(id);
    if (!run) {
      const listeners = new Set<Listener>();
      run = { listeners, done: this.#run(request, (p) => listeners.forEach((l) => l(p))) };
      run.done.catch(() => this.#runs.delete(id));
      this.#runs.set(id, run);
      if (this.#runs.size > KEPT_JOBS) this.#runs.delete(this.#runs.keys().next().value as bigint);
    }
    run.listeners.add(listen);
    try {
      return await run.done;
    } finally {
      run.listeners.delete(listen);
    }
  }

  async #run(request: VerifyRequest, tell: Listener): Promise<Judgement> {
    const { log, signal } = this.options;
    const { id, taskId, slot, seq } = request.job as NonNullable<VerifyRequest["job"]>;
    const started = Date.now();
    const work = await this.#task(request);
    work.update(request);
    const judgement = await judge(work, request, { signal, progress: (step, done, total) => tell({ job: id, step, done: BigInt(done), total: BigInt(total) }) });
    const fields = { job: id, task: taskId, slot, seq, code: judgement.code, detail: judgement.detail, ms: Date.now() - started };
    if (judgement.code === 1) log.info("verdict", fields);
    else log.warn("verdict", fields);
    if (judgement.equivocation) this.options.found?.(request, judgement);
    return judgement;
  }

  #task(request: VerifyRequest): Promise<TaskWork> {
    const id = (request.task as NonNullable<VerifyRequest["task"]>).id;
    let work = this.#tasks.get(id);
    if (!work) {
      work = TaskWork.open(request, this.options.allowPrivate);
      work.catch(() => this.#tasks.delete(id));
      this.#tasks.set(id, work);
      const [oldest] = this.#tasks.keys();
      if (this.#tasks.size > KEPT_TASKS && oldest !== undefined) {
        this.#tasks.get(oldest)?.then((w) => w.close(), () => {});
        this.#tasks.delete(oldest);
      }
    }
    return work;
  }
}
