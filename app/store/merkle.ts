/** The Merkle tree of RFC 6962 over the named stores: the root multistore's app hash, as in the Cosmos SDK. */
import { compareBytes, concat, utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { uvarint } from "./nodes.js";

const LEAF = Uint8Array.of(0);
const INNER = Uint8Array.of(1);

/** Hash of a store that holds nothing. */
export const emptyRoot = (): Uint8Array => nodeCrypto.sha256(new Uint8Array(0));

export interface NamedRoot {
  name: string;
  root: Uint8Array;
}

/** Names in the order of their bytes, which is the order of the leaves. */
export const sortNames = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => compareBytes(utf8(a), utf8(b)));

function leafHash({ name, root }: NamedRoot): Uint8Array {
  const key = utf8(name);
  return nodeCrypto.sha256(concat(LEAF, uvarint(key.length), key, Uint8Array.of(32), nodeCrypto.sha256(root)));
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function hashRange(leaves: readonly Uint8Array[], from: number, to: number): Uint8Array {
  if (to - from === 1) return leaves[from] as Uint8Array;
  const middle = from + split(to - from);
  return nodeCrypto.sha256(concat(INNER, hashRange(leaves, from, middle), hashRange(leaves, middle, to)));
}

/** Root over stores already sorted by name. */
export function appHashOf(stores: readonly NamedRoot[]): Uint8Array {
  if (stores.length === 0) return emptyRoot();
  return hashRange(stores.map(leafHash), 0, stores.length);
}

/** What stands beside the path from one store to the app hash, the lowest first. */
export function pathTo(stores: readonly NamedRoot[], index: number): { side: "left" | "right"; hash: Uint8Array }[] {
  const leaves = stores.map(leafHash);
  const path: { side: "left" | "right"; hash: Uint8Array }[] = [];
  let from = 0;
  let to = leaves.length;
  while (to - from > 1) {
    const middle = from + split(to - from);
    if (index < middle) {
      path.push({ side: "right", hash: hashRange(leaves, middle, to) });
      to = middle;
    } else {
      path.push({ side: "left", hash: hashRange(leaves, from, middle) });
      from = middle;
    }
  }
  return path.reverse();
}
