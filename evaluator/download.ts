/**
 * What an evaluator has fetched of one task. Pages that were checked stay, so an attempt that fails goes on where the last
 * one stood; no call waits for ever, and a supervisor that keeps silent costs its head start.
 */
import { type ModelPlan } from "#engine/topology/index.js";
import { type TaskView } from "#client/chain/task-view.js";
import { Descent } from "#net/descent.js";
import { type Page } from "#net/packed-log.js";
import { type Asked, TaskSources } from "#net/sources.js";
import { maxTestSetBytes } from "#net/task-data.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";

/** The longest that one page or the test set may take, and what a slow link adds for its size. */
const CALL_MS = 30_000;
const SLOWEST_BYTES_PER_MS = 256;
const SLOTS_AT_ONCE = 8;

export interface Fetched {
  readonly sealed: Uint8Array;
  /** by slot, seq 1 first */
  readonly logs: readonly (readonly Page[])[];
}

export class Download {
  readonly #sources: TaskSources;
  readonly #descents = new Map<number, Descent>();
  #sealed: Uint8Array | undefined;

  constructor(private readonly options: { readonly allowPrivate: boolean; readonly hedgeMs?: number; readonly callMs?: number }) {
    this.#sources = new TaskSources(options);
  }

  /** All that scoring needs. Throws when nobody serves some of it: call again. */
  async fetch({ task, seats, slots }: TaskView, spec: TaskSpec, plan: ModelPlan, signal: AbortSignal): Promise<Fetched> {
    const endpoints = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && !s.dropped && s.endpoint).map((s) => s.endpoint);
    const asked = (bytes: number) => {
      const ms = (this.options.callMs ?? CALL_MS) + Math.ceil(bytes / SLOWEST_BYTES_PER_MS);
      return { endpoints, signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]) };
    };
    const size = maxTestSetBytes(spec, plan);
    this.#sealed ??= await this.#sources.blob(spec.testSet?.cid ?? "", size, asked(size));
    const logs: (readonly Page[])[] = [];
    const open = [...slots];
    const one = async (): Promise<void> => {
      for (let next = open.shift(); next; next = open.shift()) {
        const { slot, head } = next;
        logs[slot] = head && head.seq > 0n ? await this.#log({ taskId: task.id, slot, slots: slots.length }, head, () => asked(0)) : [];
      }
    };
    // where one fails the rest are not begun, and all are awaited: the next attempt must not find one of these still at work
    const begun = Array.from({ length: SLOTS_AT_ONCE }, () => one().finally(() => open.splice(0)));
    for (const r of await Promise.allSettled(begun)) if (r.status === "rejected") throw r.reason;
    return { sealed: this.#sealed, logs };
  }

  /** A slot's log from its head down to its beginning. */
  async #log(task: { taskId: bigint; slot: number; slots: number }, head: { seq: bigint; hash: Uint8Array }, asked: () => Asked): Promise<readonly Page[]> {
    const { taskId, slot } = task;
    const descent = this.#descents.get(slot) ?? new Descent(task, head);
    this.#descents.set(slot, descent);
    while (descent.bottom > 1n) await descent.step(0n, (first, last, check) => this.#sources.page(taskId, slot, first, last, check, asked()));
    if (!descent.follows(undefined)) throw new Error(`slot ${slot}: message 1 does not begin a log`);
    return descent.pages.toReversed();
  }

  close(): void {
    this.#sources.close();
  }
}
