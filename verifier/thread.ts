/** A task's compute thread as its job sees it: re-runs are queued there, and no socket waits for them. */
import { type Worker } from "node:worker_threads";
import { startThread } from "#platform/thread.js";
import { type VerifyOutcome } from "#protocol/verification/verify.js";
import { type ComputeSetup, type RunInput } from "./compute.js";
import { type LogUpdate } from "./log.js";

export type ToCompute = { readonly kind: "learn"; readonly update: LogUpdate } | { readonly kind: "run"; readonly id: number; readonly input: RunInput };
export type FromCompute =
  | { readonly kind: "progress"; readonly id: number; readonly done: number; readonly total: number }
  | { readonly kind: "outcome"; readonly id: number; readonly outcome: VerifyOutcome }
  | { readonly kind: "failed"; readonly id: number; readonly error: string };

interface Run {
  readonly progress: (done: number, total: number) => void;
  readonly resolve: (outcome: VerifyOutcome) => void;
  readonly reject: (error: Error) => void;
}

export class ComputeThread {
  readonly #worker: Worker;
  readonly #runs = new Map<number, Run>();
  #next = 1;
  #dead: Error | undefined;

  constructor(setup: ComputeSetup) {
    this.#worker = startThread(import.meta.url, "./worker", setup);
    this.#worker.on("message", (m: FromCompute) => this.#receive(m));
    this.#worker.on("error", (e) => this.#die(e));
    this.#worker.on("exit", () => this.#die(new Error("the compute thread has ended")));
    this.#worker.unref();
  }

  /** The thread is gone: whoever needs one starts another. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  learn(update: LogUpdate): void {
    this.#post({ kind: "learn", update });
  }

  run(input: RunInput, progress: (done: number, total: number) => void): Promise<VerifyOutcome> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#runs.set(id, { progress, resolve, reject });
      this.#post({ kind: "run", id, input });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #post(message: ToCompute): void {
    this.#worker.postMessage(message);
  }

  #receive(m: FromCompute): void {
    const run = this.#runs.get(m.id);
    if (m.kind === "progress") return run?.progress(m.done, m.total);
    this.#runs.delete(m.id);
    if (m.kind === "outcome") run?.resolve(m.outcome);
    else run?.reject(new Error(m.error));
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const run of this.#runs.values()) run.reject(this.#dead);
    this.#runs.clear();
  }
}
