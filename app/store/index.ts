/**
 * The multistore: one IAVL tree per named store, one app hash over all of them, one fsynced batch per block.
 *
 * All of the state and its last heights are in memory, as rows of `Nodes`; Level holds the same rows for the next start.
 */
import { mkdir } from "node:fs/promises";
import { ClassicLevel } from "classic-level";
import { compareBytes, EMPTY, u64be } from "#kernel/bytes.js";
import { encodeIds, encodeNode, encodeRoots, heightKey, metaKey, nodeKey, orphansKey, rootsKey } from "./disk.js";
import { packRoots, packRows, parts } from "./feed.js";
import { type Database, load, rootHashes } from "./load.js";
import { appHashOf, sortNames } from "./merkle.js";
import { iavlProof, simpleProof } from "./proofs.js";
import { find, TreeWriter } from "./tree.js";
import { type Batch, type Change, type MultiStore, type MultiStoreOptions, type Prepared } from "./types.js";
import { type Roots, viewOf } from "./view.js";

export * from "./types.js";
export { Overlay } from "./overlay.js";
export { StoreCopy } from "./feed.js";

/** Opens or makes the store in a folder. Throws in one line when the folder is in use, damaged or of another version. */
export async function openMultiStore(dir: string, { names, keepVersions }: MultiStoreOptions): Promise<MultiStore> {
  if (!(Number.isInteger(keepVersions) && keepVersions >= 1)) throw new Error(`keepVersions is ${keepVersions}: want a whole number from 1`);
  if (new Set(names).size !== names.length) throw new Error(`a store is named twice in ${names.join(", ")}`);
  const sorted = sortNames(names);

  await mkdir(dir, { recursive: true });
  const db: Database = new ClassicLevel<Uint8Array, Uint8Array>(dir, { keyEncoding: "view", valueEncoding: "view" });
  try {
    await db.open();
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    if (cause?.code === "LEVEL_LOCKED") throw new Error(`state in ${dir} is in use by another process: stop that one first`);
    throw new Error(`state in ${dir} cannot be opened: ${cause?.message ?? (error as Error).message}`);
  }
  let loaded;
  try {
    loaded = await load(db, dir);
    const last = [...loaded.versions.values()].at(-1);
    for (const [name, root] of last?.roots ?? []) {
      if (!sorted.includes(name) && root !== 0) throw new Error(`state in ${dir} has a store ${name} that this program does not know: use the program that wrote it`);
    }
  } catch (error) {
    await db.close();
    throw error;
  }
  const { nodes, versions, orphans, meta } = loaded;

  const nothing: Roots = { version: 0, appHash: EMPTY, roots: new Map(sorted.map((name) => [name, 0])) };
  let last: Roots = [...versions.values()].at(-1) ?? nothing;
  const oldest = () => (versions.keys().next().value as number | undefined) ?? 0;
  let follower: (batch: Batch) => void = () => {};
  let followed = false;
  let pending: { writer: TreeWriter; state: "prepared" | "writing" } | undefined;

  function prepare(height: bigint, changes: ReadonlyMap<string, readonly Change[]>, side?: ReadonlyMap<string, Uint8Array>): Prepared {
    const version = Number(height);
    if (pending?.state === "writing") throw new Error(`height ${height} prepared while height ${last.version + 1} is being written: await commit first`);
    if (version < 1 || !Number.isSafeInteger(version) || (last.version !== 0 && version !== last.version + 1)) {
      throw new Error(`height ${height} prepared on top of ${last.version}: want ${last.version + 1}`);
    }
    pending?.writer.abandon();
    pending = undefined;
    for (const name of changes.keys()) {
      if (!sorted.includes(name)) throw new Error(`changes to an unknown store ${JSON.stringify(name)}: known are ${sorted.join(", ")}`);
    }
    const writer = new TreeWriter(nodes, version);
    const roots = new Map<string, number>();
    for (const name of sorted) {
      let root = last.roots.get(name) ?? 0;
      for (const { key, value } of inOrder(changes.get(name) ?? [])) {
        root = value === undefined ? writer.remove(root, key) : writer.set(root, new Uint8Array(key), new Uint8Array(value));
      }
      roots.set(name, root);
    }
    const appHash = appHashOf(rootHashes(nodes, roots));
    const mine = { writer, state: "prepared" as "prepared" | "writing" };
    pending = mine;
    return {
      appHash,
      async commit() {
        if (pending !== mine || mine.state !== "prepared") throw new Error(`height ${height} cannot be committed: it was committed already, or prepared again`);
        mine.state = "writing";
        await write({ version, appHash, roots }, writer, side ?? new Map());
        pending = undefined;
      },
    };
  }

  async function write(next: Roots, writer: TreeWriter, side: ReadonlyMap<string, Uint8Array>): Promise<void> {
    // PERF: 6,000 rows take 15 ms in a chained batch and 95 ms as an array of operations; both are one atomic write.
    const batch = db.batch();
    const put = (key: Uint8Array, value: Uint8Array) => void batch.put(key, value);
    const del = (key: Uint8Array) => void batch.del(key);
    for (const id of writer.created()) put(nodeKey(id), encodeNode(nodes, id));
    put(rootsKey(next.version), encodeRoots(next));
    put(orphansKey(next.version), encodeIds(writer.orphans));
    put(heightKey, u64be(next.version));
    for (const [name, value] of side) put(metaKey(name), value);

    const keepFrom = next.version - keepVersions + 1;
    const prunedVersions = [...versions.keys()].filter((v) => v < keepFrom);
    // What left the tree at height w is in no height from w on; the last of these heights may be the new one itself.
    const prunedOrphans = [...orphans.keys()].filter((w) => w <= keepFrom);
    if (next.version <= keepFrom) {
      orphans.set(next.version, writer.orphans);
      prunedOrphans.push(next.version);
    }
    for (const v of prunedVersions) del(rootsKey(v));
    for (const w of prunedOrphans) {
      del(orphansKey(w));
      for (const id of orphans.get(w) ?? []) del(nodeKey(id));
    }
    await batch.write({ sync: true });

    // Durable: from here on it is the committed state.
    writer.releaseDropped();
    orphans.set(next.version, writer.orphans);
    versions.set(next.version, next);
    for (const [name, value] of side) meta.set(name, new Uint8Array(value));
    for (const v of prunedVersions) versions.delete(v);
    const gone = prunedOrphans.flatMap((w) => orphans.get(w) ?? []);
    if (followed) follower({ rows: packRows(nodes, writer.created()), gone: Uint32Array.from(gone), roots: [packRoots(next)], pruned: prunedVersions });
    for (const id of gone) nodes.release(id);
    for (const w of prunedOrphans) orphans.delete(w);
    last = next;
  }

  const view = (at: Roots) => viewOf(nodes, at, oldest);

  return {
    get version() {
      return BigInt(last.version);
    },
    get appHash() {
      return last.appHash;
    },
    get oldest() {
      return BigInt(oldest());
    },
    latest: () => view(withNewStores(last, sorted)),
    at(height) {
      const at = versions.get(Number(height));
      return at && view(at === last ? withNewStores(at, sorted) : at);
    },
    prepare,
    prove(name, key, height) {
      const at = versions.get(Number(height));
      if (!at) throw new Error(`height ${height} cannot be proved: kept are ${oldest()} to ${last.version}`);
      const root = at.roots.get(name);
      if (root === undefined) throw new Error(`no store ${JSON.stringify(name)} at height ${height}: it has ${[...at.roots.keys()].join(", ")}`);
      const leaf = find(nodes, root, key);
      const stores = rootHashes(nodes, at.roots);
      return {
        value: leaf === 0 ? undefined : (nodes.values[leaf] as Uint8Array).slice(),
        ops: [iavlProof(nodes, root, key), simpleProof(stores, stores.findIndex((s) => s.name === name))],
      };
    },
    meta: (key) => meta.get(key),
    feed(listener) {
      follower = listener;
      followed = true;
      return parts(nodes, versions);
    },
    close: () => db.close(),
  };
}

/** A store that this program has and the committed height had not is there, empty. */
function withNewStores(at: Roots, sorted: readonly string[]): Roots {
  if (sorted.every((name) => at.roots.has(name))) return at;
  return { ...at, roots: new Map(sorted.map((name) => [name, at.roots.get(name) ?? 0])) };
}

/** Ascending by key, the last change of each key. Overlays hand them over like that already. */
function inOrder(changes: readonly Change[]): readonly Change[] {
  const inPlace = changes.every((c, i) => i === 0 || compareBytes((changes[i - 1] as Change).key, c.key) < 0);
  for (const { key } of changes) {
    if (key.length === 0 || key.length > 65_535) throw new Error(`a key of ${key.length} bytes: want 1 to 65535`);
  }
  if (inPlace) return changes;
  const out: Change[] = [];
  for (const change of [...changes].sort((a, b) => compareBytes(a.key, b.key))) {
    if (out.length > 0 && compareBytes((out.at(-1) as Change).key, change.key) === 0) out.pop();
    out.push(change);
  }
  return out;
}
