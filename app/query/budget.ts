/**
 * What one query may read, and for how long: whoever asks, a thread that answers others too gives no more. Counted are rows and
 * bytes as they leave the store, and the clock is looked at now and then.
 */
import { ModuleError, sdk } from "#kernel/errors.js";
import { type KVStore } from "#kernel/store.js";
import { type Stores } from "../store/types.js";
import { status } from "./errors.js";

export interface QueryLimits {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
}

/** Rows between two looks at the clock: some tens of microseconds. */
const LOOK = 64;

export class Budget {
  private rows = 0;
  private bytes = 0;
  private readonly began = performance.now();

  constructor(private readonly limits: QueryLimits) {}

  /** Throws when it is used up. */
  take(bytes: number): void {
    this.rows++;
    this.bytes += bytes;
    const { rows, bytes: most, ms } = this.limits;
    if (this.rows > rows) throw over(`${rows} rows`);
    if (this.bytes > most) throw over(`${most} bytes`);
    if (this.rows % LOOK === 0 && performance.now() - this.began > ms) throw over(`${ms} ms`);
  }
}

const over = (what: string): ModuleError => sdk.unknownRequest(status("ResourceExhausted", `the answer takes more than ${what}: ask for a smaller page, without a total, or for less at once`));

/** The same stores, each read charged. */
export function charged(stores: Stores, budget: Budget): Stores {
  const open = new Map<string, KVStore>();
  return {
    store(name) {
      let store = open.get(name);
      if (!store) open.set(name, (store = chargedStore(stores.store(name), budget)));
      return store;
    },
  };
}

function chargedStore(inner: KVStore, budget: Budget): KVStore {
  const pairs = function* (rows: Iterable<[Uint8Array, Uint8Array]>): Generator<[Uint8Array, Uint8Array]> {
    for (const row of rows) {
      budget.take(row[0].length + row[1].length);
      yield row;
    }
  };
  return {
    get(key) {
      const value = inner.get(key);
      budget.take(key.length + (value?.length ?? 0));
      return value;
    },
    has(key) {
      budget.take(key.length);
      return inner.has(key);
    },
    set: (key, value) => inner.set(key, value),
    delete: (key) => inner.delete(key),
    iterate: (start, end) => pairs(inner.iterate(start, end)),
    reverse: (start, end) => pairs(inner.reverse(start, end)),
  };
}
