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

export interface MultiStore {
  /** of the last committed block; 0 when new */
  readonly version: bigint;
  /** of the last committed block; empty when new */
  readonly appHash: Uint8Array;
  latest(): CommittedView;
  /** undefined: pruned, or not yet committed */
  at(height: bigint): CommittedView | undefined;
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
  close(): Promise<void>;
}

export interface MultiStoreOptions {
  /** every store of the application, any order */
  names: string[];
  /** how many heights stay readable and provable, the last one included */
  keepVersions: number;
}
