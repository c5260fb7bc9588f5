/** A task's compute thread as its job sees it: re-runs are queued there, and no socket waits for them. */
import { type Worker } from "node:worker_threads";
import { startThread } from "#platform/thread.js";
import { type VerifyOutcome } from "#protocol/verification/verify.js";
import { type ComputeSetup, type RunInput } from "./compute.js";
import { type LogUpdate } from "./log.js";

export type ToCompute = { readonly kind: "learn"; readonly update: LogUpdate } | { readonly kind: "run"; readonly id: number; readonly input: RunInput; readonly stop: Int32Array };
export type FromCompute =
  | { readonly kind: "progress"; readonly id: number; readonly done: number; readonly total: number }
  | { readonly kind: "outcome"; readonly id: number; readonly outcome: VerifyOutcome }
  | { readonly kind: "failed"; readonly id: number; readonly error: string };

interface Run {
  readonly id: number;
  readonly input: RunInput;
  /** not 0: it ends before its next iteration */
  readonly stop: Int32Array;
  readonly progress: (done: number, total: number) => void;
  readonly resolve: (outcome: VerifyOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** One re-run is on the thread, the others wait here, so that one that is not wanted any more costs nothing. */
export class ComputeThread {
  readonly #worker: Worker;
  readonly #waiting: Run[] = [];
  #running: Run | undefined;
  #next = 1;
  #dead: Error | undefined;

  constructor(
    setup: ComputeSetup,
    private readonly ended: (error: Error) => void = () => {},
  ) {
    this.#worker = startThread(import.meta.url, "./worker", setup);
    this.#worker.on("message", (m: FromCompute) => this.#receive(m));
    this.#worker.on("error", (e) => this.#die(e));
    this.#worker.on("exit", () => this.#die(new Error("the compute thread has ended")));
    this.#worker.unref();
  }

  learn(update: LogUpdate): void {
    this.#worker.postMessage({ kind: "learn", update } satisfies ToCompute);
  }

  run(input: RunInput, progress: (done: number, total: number) => void, signal: AbortSignal): Promise<VerifyOutcome> {
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const run: Run = { id: this.#next++, input, stop: new Int32Array(new SharedArrayBuffer(4)), progress, resolve, reject };
      signal.addEventListener("abort", () => this.#cancel(run, signal.reason as Error), { once: true });
      this.#waiting.push(run);
      this.#begin();
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #begin(): void {
    if (this.#running) return;
    this.#running = this.#waiting.shift();
    if (!this.#running) return;
    const { id, input, stop } = this.#running;
    this.#worker.postMessage({ kind: "run", id, input, stop } satisfies ToCompute);
  }

  #cancel(run: Run, why: Error): void {
    const at = this.#waiting.indexOf(run);
    if (at >= 0) this.#waiting.splice(at, 1);
    Atomics.store(run.stop, 0, 1);
    run.reject(why);
  }

  #receive(m: FromCompute): void {
    const run = this.#running;
    if (m.id !== run?.id) return;
    if (m.kind === "progress") return run.progress(m.done, m.total);
    this.#running = undefined;
    if (m.kind === "outcome") run.resolve(m.outcome);
    else run.reject(new Error(m.error));
    this.#begin();
  }

  #die(error: Error): void {
    if (this.#dead) return;
    this.#dead = error;
    for (const run of [this.#running, ...this.#waiting.splice(0)]) run?.reject(error);
    this.ended(error);
  }
}
