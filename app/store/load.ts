/** Reading the store back at start: the same rows, the same tree, and its hash checked against the stored one. */
import { type ClassicLevel } from "classic-level";
import { equalBytes, readU32be, readU64be, toHex } from "#kernel/bytes.js";
import { decodeIds, decodeRoots, FORMAT, formatKey, placeNode, PREFIX } from "./disk.js";
import { appHashOf, emptyRoot } from "./merkle.js";
import { Nodes } from "./nodes.js";
import { type Roots } from "./view.js";

export type Database = ClassicLevel<Uint8Array, Uint8Array>;

export interface Loaded {
  nodes: Nodes;
  /** kept heights, ascending */
  versions: Map<number, Roots>;
  orphans: Map<number, number[]>;
  meta: Map<string, Uint8Array>;
}

/** Roots of all stores of a height, in order, as the app hash takes them. Hashes what is not hashed yet. */
export function rootHashes(nodes: Nodes, roots: ReadonlyMap<string, number>): { name: string; root: Uint8Array }[] {
  return [...roots].map(([name, id]) => {
    nodes.hashTree(id);
    return { name, root: id === 0 ? emptyRoot() : nodes.hashOf(id).slice() };
  });
}

export async function load(db: Database, dir: string): Promise<Loaded> {
  const damaged = (what: string) => new Error(`state in ${dir} is damaged: ${what}; restore a backup, or reset this node and sync it again`);
  const nodes = new Nodes();
  const versions = new Map<number, Roots>();
  const orphans = new Map<number, number[]>();
  const meta = new Map<string, Uint8Array>();
  const used = new Set<number>();
  let height = 0;
  let format = FORMAT;

  const iterator = db.iterator();
  for (;;) {
    const some = await iterator.nextv(1000);
    if (some.length === 0) break;
    for (const [key, row] of some) {
      const value = new Uint8Array(row); // Level hands out Buffers, whose slice() shares memory
      switch (key[0]) {
        case PREFIX.node: {
          const id = readU32be(key, 1);
          placeNode(nodes, id, value);
          used.add(id);
          break;
        }
        case PREFIX.roots: {
          const version = Number(readU64be(key, 1));
          versions.set(version, decodeRoots(version, value));
          break;
        }
        case PREFIX.orphans:
          orphans.set(Number(readU64be(key, 1)), decodeIds(value));
          break;
        case PREFIX.meta:
          meta.set(new TextDecoder().decode(key.subarray(1)), value);
          break;
        case PREFIX.height:
          height = Number(readU64be(value));
          break;
        case PREFIX.format:
          format = value[0] as number;
          break;
        default:
          throw damaged(`a record of unknown kind ${key[0]}`);
      }
    }
  }
  await iterator.close();
  if (format !== FORMAT) throw new Error(`state in ${dir} has format ${format}, this program reads ${FORMAT}: use the program that wrote it`);
  if (versions.size === 0) {
    if (used.size > 0 || height > 0) throw damaged("nodes without a height");
    await db.put(formatKey, Uint8Array.of(FORMAT), { sync: true });
    return { nodes, versions, orphans, meta };
  }
  nodes.seal(used);
  if (!versions.has(height) || Math.max(...versions.keys()) !== height) throw damaged(`its last height is ${height}, which has no roots`);

  // Children first: inner keys are not stored, the smallest key of the right subtree is one.
  const finished = new Uint8Array(nodes.height.length);
  const finish = (id: number): Uint8Array => {
    if (!used.has(id)) throw damaged(`node ${id} is missing`);
    if (finished[id] === 0) {
      finished[id] = 1;
      if (nodes.height[id] !== 0) {
        finish(nodes.left[id] as number);
        nodes.keys[id] = finish(nodes.right[id] as number);
      }
    }
    if (nodes.height[id] === 0) return nodes.keys[id] as Uint8Array;
    return finish(nodes.left[id] as number);
  };
  for (const at of versions.values()) {
    for (const id of at.roots.values()) if (id !== 0) finish(id);
    const hash = appHashOf(rootHashes(nodes, at.roots));
    if (!equalBytes(hash, at.appHash)) {
      throw damaged(`at height ${at.version} its nodes hash to ${toHex(hash)}, the record says ${toHex(at.appHash)}`);
    }
  }
  let reached = 0;
  for (const flag of finished) reached += flag;
  if (reached !== used.size) throw damaged(`${used.size - reached} nodes belong to no kept height`);
  return { nodes, versions, orphans, meta };
}
