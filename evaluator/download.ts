/**
 * What an evaluator has fetched of one task: the sealed test set, and of every slot's log the maps, which go to disk as they
 * come. Messages that were checked stay, so an attempt that fails goes on where the last one stood, and one that nothing
 * comes for any more ends.
 */
import { type ModelPlan } from "#engine/topology/index.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { Descent } from "#net/descent.js";
import { type Asked, type SourcesOptions, TaskSources } from "#net/sources.js";
import { maxTestSetBytes } from "#net/task-data.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { Spool, type StoredLog } from "./spool.js";

/** The longest that nothing may come, and what a slow link adds for what comes in one piece. */
const SILENCE_MS = 30_000;
const SLOWEST_BYTES_PER_MS = 256;
const SLOTS_AT_ONCE = 8;

export interface DownloadOptions extends SourcesOptions {
  /** where maps lie meanwhile */
  readonly directory: string;
  readonly silenceMs?: number;
}

export interface Fetched {
  readonly sealed: Uint8Array;
  /** by slot */
  readonly logs: readonly StoredLog[];
}

export class Download {
  readonly #sources: TaskSources;
  readonly #spool: Spool;
  readonly #descents = new Map<number, Descent>();
  #sealed: Uint8Array | undefined;

  constructor(private readonly options: DownloadOptions) {
    this.#sources = new TaskSources(options);
    this.#spool = new Spool(options.directory);
  }

  /** All that scoring needs. Throws when nobody serves some of it: call again. */
  async fetch({ task, seats, slots }: Pick<TaskView, "task" | "seats" | "slots">, spec: TaskSpec, plan: ModelPlan, signal: AbortSignal): Promise<Fetched> {
    const endpoints = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && !s.dropped && s.endpoint).map((s) => s.endpoint);
    const size = maxTestSetBytes(spec, plan);
    this.#sealed ??= await this.#until(endpoints, size, signal, (asked) => this.#sources.blob(spec.testSet?.cid ?? "", size, asked));
    const open = [...slots];
    const one = async (): Promise<void> => {
      for (let next = open.shift(); next; next = open.shift()) {
        const { slot, head } = next;
        if (head && head.seq > 0n) await this.#log(task.id, slot, head, 3 * plan.parameters, (ask) => this.#until(endpoints, 0, signal, ask));
      }
    };
    // where one fails the rest are not begun, and all are awaited: the next attempt must not find one of these still at work
    const begun = Array.from({ length: SLOTS_AT_ONCE }, () => one().finally(() => open.splice(0)));
    for (const r of await Promise.allSettled(begun)) if (r.status === "rejected") throw r.reason;
    return { sealed: this.#sealed, logs: Array.from({ length: spec.slots }, (_, slot) => this.#spool.log(slot)) };
  }

  close(): void {
    this.#sources.close();
    this.#spool.close();
  }

  /** A slot's log from its head down to its beginning. */
  async #log(taskId: bigint, slot: number, head: { seq: bigint; hash: Uint8Array }, largest: number, until: (ask: (asked: Asked) => Promise<void>) => Promise<void>): Promise<void> {
    const descent = this.#descents.get(slot) ?? new Descent({ taskId, slot, keep: (page) => this.#spool.keep(slot, page) }, head);
    this.#descents.set(slot, descent);
    if (descent.bottom > 1n) await until((asked) => this.#sources.descend(taskId, slot, descent, 0n, { ...asked, largest }));
    if (!descent.follows(undefined)) throw new Error(`slot ${slot}: message 1 does not begin a log`);
    descent.seal();
  }

  /** Gives up when nothing has come for a while. */
  async #until<T>(endpoints: readonly string[], bytes: number, signal: AbortSignal, ask: (asked: Asked) => Promise<T>): Promise<T> {
    const idle = new AbortController();
    const ms = (this.options.silenceMs ?? SILENCE_MS) + Math.ceil(bytes / SLOWEST_BYTES_PER_MS);
    const begin = (): NodeJS.Timeout => setTimeout(() => idle.abort(), ms);
    let timer = begin();
    const arrived = (): void => {
      clearTimeout(timer);
      timer = begin();
    };
    try {
      return await ask({ endpoints, signal: AbortSignal.any([signal, idle.signal]), arrived });
    } finally {
      clearTimeout(timer);
    }
  }
}
