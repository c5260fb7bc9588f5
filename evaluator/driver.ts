/** Runs what the machine says, and tells it what came of it. What hangs, takes long or fails in one task holds up no other. */
import type { TaskView } from "#protocol/tasks/task-view.js";
import { type Logger } from "#platform/log.js";
import { type Effect, EvaluatorMachine, type Input, type Opinion } from "./machine.js";

export interface DriverOptions {
  /** this evaluator's address */
  readonly me: string;
  readonly store: { get(taskId: bigint): Promise<Opinion | undefined>; put(taskId: bigint, opinion: Opinion): Promise<void> };
  readonly log: Logger;
  readonly signal: AbortSignal;
  fetch(view: TaskView, signal: AbortSignal): Promise<unknown>;
  score(view: TaskView, signal: AbortSignal): Promise<Opinion>;
  commit(view: TaskView, opinion: Opinion): Promise<unknown>;
  reveal(view: TaskView, opinion: Opinion): Promise<unknown>;
  /** nothing of the task is needed any more */
  drop(taskId: bigint): void;
}

export class Driver {
  readonly #machine: EvaluatorMachine;
  readonly #stops = new Map<bigint, AbortController>();
  readonly #going = new Set<Promise<void>>();
  #views: ReadonlyMap<bigint, TaskView> = new Map();

  constructor(private readonly options: DriverOptions) {
    this.#machine = new EvaluatorMachine(options.me);
  }

  /** Begins what is due at a block and is not under way. */
  block(views: ReadonlyMap<bigint, TaskView>): void {
    this.#views = views;
    this.#feed({ kind: "views", views: [...views.values()] });
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going);
  }

  #feed(input: Input): void {
    for (const effect of this.#machine.step(input)) this.#run(effect);
  }

  #run(e: Effect): void {
    const { task } = e;
    const { store, signal } = this.options;
    const stop = (): AbortSignal => {
      const controller = new AbortController();
      this.#stops.set(task, controller);
      return AbortSignal.any([signal, controller.signal]);
    };
    switch (e.kind) {
      case "load":
        return this.#go(task, async () => ({ kind: "loaded", task, opinion: await store.get(task) }));
      case "fetch":
        return this.#go(task, async (view) => (await this.options.fetch(view, stop()), { kind: "fetched", task }));
      case "score":
        return this.#go(task, async (view) => ({ kind: "scored", task, opinion: await this.options.score(view, stop()) }));
      case "keep":
        return this.#go(task, async () => (await store.put(task, e.opinion), { kind: "kept", task }));
      case "commit":
        return this.#go(task, async (view) => (await this.options.commit(view, e.opinion), { kind: "sent", task }));
      case "reveal":
        return this.#go(task, async (view) => (await this.options.reveal(view, e.opinion), { kind: "sent", task }));
      case "stop":
        return this.#stops.get(task)?.abort(new Error("the time to commit is over"));
      case "drop":
        this.#stops.delete(task);
        return this.options.drop(task);
    }
  }

  #go(task: bigint, step: (view: TaskView) => Promise<Input>): void {
    const view = this.#views.get(task) as TaskView;
    const over = step(view)
      .catch((error: Error): Input => {
        if (!this.options.signal.aborted) this.options.log.warn("a task's step failed, trying again with the next block", { task, error });
        return { kind: "failed", task };
      })
      .then((input) => {
        this.#going.delete(going);
        this.#feed(input);
      });
    const going: Promise<void> = over;
    this.#going.add(going);
  }
}
