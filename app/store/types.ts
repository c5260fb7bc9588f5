/** The authenticated store as the rest of the node sees it. */
import { type KVStore } from "#kernel/store.js";

/** Named stores, as modules know them, of a height or of writes over one; who they belong to is not known here. */
export interface Stores {
  store(name: string): KVStore;
}

/** One changed key; an undefined value deletes it. */
export interface Change {
  key: Uint8Array;
  value: Uint8Array | undefined;
}

/** State as of one committed height. Its stores throw on set and delete, and once the height has been pruned. */
export interface CommittedView extends Stores {
  readonly version: bigint;
  store(name: string): KVStore;
}

/** A computed but not yet durable block. */
export interface Prepared {
  readonly appHash: Uint8Array;
  /** One atomic, fsynced batch. Throws when the store has since prepared or committed something else. */
  commit(): Promise<void>;
}

export interface ProofOp {
  type: string;
  key: Uint8Array;
  data: Uint8Array;
}

/** Committed heights, to read. */
export interface ReadStore {
  /** of the last committed block; 0 when new */
  readonly version: bigint;
  /** of the last committed block; empty when new */
  readonly appHash: Uint8Array;
  /** the lowest height that is kept; 0 when new */
  readonly oldest: bigint;
  latest(): CommittedView;
  /** undefined: pruned, or not yet committed */
  at(height: bigint): CommittedView | undefined;
}

/** Rows that are written, each as row u32, length u32, bytes as on disk; then rows and heights that are gone. */
export interface Batch {
  readonly rows: Uint8Array;
  readonly gone: Uint32Array;
  /** height and its roots, ascending; more than one only in the last part of all that is there */
  readonly roots: readonly { readonly version: number; readonly bytes: Uint8Array }[];
  readonly pruned: readonly number[];
}

export interface MultiStore extends ReadStore {
  /** Applies a block's changes beside the committed state. May be repeated for a height: the last one counts. */
  prepare(
    height: bigint,
    changes: ReadonlyMap<string, readonly Change[]>,
    meta?: ReadonlyMap<string, Uint8Array>,
  ): Prepared;
  /** The value at a height with the ICS-23 operators that lead from it (or from its absence) to that height's app hash. */
  prove(name: string, key: Uint8Array, height: bigint): { value: Uint8Array | undefined; ops: ProofOp[] };
  /** Small values beside the tree, committed in the same batch and not part of the app hash. */
  meta(key: string): Uint8Array | undefined;
  /**
   * For a copy (feed.ts): all that is there, in parts, which may be taken over time; `listener` is told of every commit from now on,
   * which a copy applies after the last part. One at a time.
   */
  feed(listener: (batch: Batch) => void): Iterable<Batch>;
  close(): Promise<void>;
}

export interface MultiStoreOptions {
  /** every store of the application, any order */
  names: string[];
  /** how many heights stay readable and provable, the last one included */
  keepVersions: number;
}
