/**
 * What is due in each of an evaluator's tasks. Every task has a promise of its own: what hangs, takes long or fails in one
 * holds up no other, and no block. Commits and reveals, which cost stake when they are missed, begin before evaluations.
 */
import { type TaskView } from "#client/chain/task-view.js";
import { type Logger } from "#platform/log.js";
import { type Action, nextAction, type Opinion } from "./machine.js";

export interface StepsOptions {
  /** this evaluator's address */
  readonly me: string;
  readonly store: { get(taskId: bigint): Promise<Opinion | undefined>; put(taskId: bigint, opinion: Opinion): Promise<void> };
  readonly log: Logger;
  readonly signal: AbortSignal;
  evaluate(view: TaskView, signal: AbortSignal): Promise<Opinion>;
  commit(view: TaskView, opinion: Opinion): Promise<unknown>;
  reveal(view: TaskView, opinion: Opinion): Promise<unknown>;
}

/** Evaluations at one time: each holds its task's log, and takes a thread. */
const EVALUATIONS = 4;

export class Steps {
  readonly #running = new Map<bigint, { readonly evaluation: AbortController | undefined; readonly over: Promise<void> }>();
  readonly #failures = new Map<bigint, number>();

  constructor(private readonly options: StepsOptions) {}

  /** Begins what is due at a block and is not under way. Resolves when it has begun, not when it is done. */
  async begin(views: Iterable<TaskView>): Promise<void> {
    const due: { view: TaskView; kind: Action["kind"]; opinion: Opinion | undefined }[] = [];
    for (const view of views) {
      const opinion = await this.options.store.get(view.task.id);
      const { kind } = nextAction(this.options.me, view, opinion);
      const running = this.#running.get(view.task.id);
      if (kind === "none") running?.evaluation?.abort(new Error("the time to commit is over"));
      else if (!running) due.push({ view, kind, opinion });
    }
    for (const { view, kind, opinion } of due) if (kind !== "evaluate" && opinion) this.#start(view, undefined, () => this.#send(kind, view, opinion));
    // those that failed stand behind: a task that nobody serves must not keep the others waiting
    const failures = (v: TaskView): number => this.#failures.get(v.task.id) ?? 0;
    const evaluations = due.filter((d) => d.kind === "evaluate").toSorted((a, b) => failures(a.view) - failures(b.view));
    for (const { view } of evaluations) {
      if ([...this.#running.values()].filter((r) => r.evaluation).length >= EVALUATIONS) break;
      const evaluation = new AbortController();
      this.#start(view, evaluation, () => this.#evaluate(view, AbortSignal.any([this.options.signal, evaluation.signal])));
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map((r) => r.over));
  }

  #start({ task }: TaskView, evaluation: AbortController | undefined, step: () => Promise<unknown>): void {
    const over = step()
      .then(
        () => void this.#failures.delete(task.id),
        (e: Error) => {
          this.#failures.set(task.id, (this.#failures.get(task.id) ?? 0) + 1);
          if (!this.options.signal.aborted) this.options.log.warn("a task's step failed, trying again with the next block", { task: task.id, error: e });
        },
      )
      .finally(() => this.#running.delete(task.id));
    this.#running.set(task.id, { evaluation, over });
  }

  async #evaluate(view: TaskView, signal: AbortSignal): Promise<void> {
    const opinion = await this.options.evaluate(view, signal);
    signal.throwIfAborted();
    await this.options.store.put(view.task.id, opinion);
    await this.#send("commit", view, opinion);
  }

  async #send(kind: Action["kind"], view: TaskView, opinion: Opinion): Promise<void> {
    if (kind === "commit") await this.options.commit(view, opinion);
    else await this.options.reveal(view, opinion);
  }
}
