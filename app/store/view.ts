/** Read-only stores of one committed height. */
import { type KVStore } from "#kernel/store.js";
import { type Nodes } from "./nodes.js";
import { ascend, descend, find } from "./tree.js";
import { type CommittedView } from "./types.js";

/** Roots of one committed height; a row number per store, 0 for an empty one. */
export interface Roots {
  readonly version: number;
  readonly appHash: Uint8Array;
  /** sorted by name */
  readonly roots: ReadonlyMap<string, number>;
}

/** `oldest` answers the lowest height that is still kept: rows of pruned heights are used again. */
export function viewOf(nodes: Nodes, at: Roots, oldest: () => number): CommittedView {
  const check = () => {
    if (at.version !== 0 && at.version < oldest()) {
      throw new Error(`height ${at.version} is pruned: the oldest kept is ${oldest()}; ask for that or a later one`);
    }
  };
  const readOnly = (name: string) => () => {
    throw new Error(`store ${name} at height ${at.version} is committed: write to an Overlay over it`);
  };
  const open = new Map<string, KVStore>();

  function storeOf(name: string, root: number): KVStore {
    // Values are copied out: a decoder may hand out slices of them, and a caller's write into one must not reach the tree.
    const pairs = function* (rows: Generator<number>): Generator<[Uint8Array, Uint8Array]> {
      check();
      for (const id of rows) {
        yield [nodes.keys[id] as Uint8Array, (nodes.values[id] as Uint8Array).slice()];
        check();
      }
    };
    return {
      get(key) {
        check();
        const id = find(nodes, root, key);
        return id === 0 ? undefined : (nodes.values[id] as Uint8Array).slice();
      },
      has(key) {
        check();
        return find(nodes, root, key) !== 0;
      },
      set: readOnly(name),
      delete: readOnly(name),
      iterate: (start, end) => pairs(ascend(nodes, root, start, end)),
      reverse: (start, end) => pairs(descend(nodes, root, start, end)),
    };
  }

  return {
    version: BigInt(at.version),
    store(name) {
      let store = open.get(name);
      if (!store) {
        const root = at.roots.get(name);
        if (root === undefined) throw new Error(`no store ${JSON.stringify(name)} at height ${at.version}: it has ${[...at.roots.keys()].join(", ")}`);
        store = storeOf(name, root);
        open.set(name, store);
      }
      return store;
    },
  };
}
