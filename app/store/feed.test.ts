import "#platform/install.js";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { type Batch, openMultiStore, Overlay, type ReadStore, StoreCopy } from "./index.js";

const NAMES = ["bank", "acc", "work"];

async function opened(t: ExecutionContext, keepVersions: number) {
  const dir = await mkdtemp(join(tmpdir(), "feed-"));
  const store = await openMultiStore(dir, { names: NAMES, keepVersions });
  t.teardown(async () => {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });
  return store;
}

/** All rows of all stores at all heights that are kept. */
const dump = (store: ReadStore): unknown =>
  Array.from({ length: Number(store.version - store.oldest) + 1 }, (_, i) => {
    const at = store.at(store.oldest + BigInt(i));
    return NAMES.map((name) => {
      const s = at?.store(name);
      const rows = [...(s?.iterate() ?? [])].map(([k, v]) => `${Buffer.from(k).toString("hex")}=${Buffer.from(v).toString("hex")}`);
      const found = [...(s?.iterate() ?? [])].every(([k, v]) => Buffer.compare(s?.get(k) as Uint8Array, v) === 0);
      return { name, rows, found };
    });
  });
/** As it reaches another thread. */
const sent = (batch: Batch): Batch => structuredClone(batch);

const block = fc.array(fc.record({ name: fc.constantFrom(...NAMES), key: fc.integer({ min: 0, max: 40 }), value: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }) }), { maxLength: 30 });

test("a copy that began at any block, while others were committed, has what the store has at every kept height", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 2, maxLength: 14 }), fc.integer({ min: 1, max: 4 }), fc.nat(), fc.nat(), async (blocks, keep, a, b) => {
      const store = await opened(t, keep);
      const begins = a % blocks.length;
      const ends = begins + (b % (blocks.length - begins));
      const copy = new StoreCopy(NAMES);
      const waiting: Batch[] = [];
      let whole = false;
      let rest: Iterator<Batch> | undefined;
      for (const [i, changes] of blocks.entries()) {
        if (i === begins) rest = store.feed((batch) => (whole ? copy.apply(sent(batch), true) : waiting.push(sent(batch))))[Symbol.iterator]();
        const overlay = new Overlay(store.latest());
        for (const { name, key, value } of changes) {
          const k = Uint8Array.of(key, key);
          if (value === undefined) overlay.store(name).delete(k);
          else overlay.store(name).set(k, Uint8Array.of(value));
        }
        // Prepared twice: rows of the first time are given back.
        store.prepare(BigInt(i + 1), new Map());
        await store.prepare(BigInt(i + 1), overlay.changes()).commit();
        if (i === ends && rest) {
          for (let next = rest.next(); !next.done; next = rest.next()) copy.apply(sent(next.value), false);
          for (const batch of waiting) copy.apply(batch, false);
          copy.apply({ rows: new Uint8Array(0), gone: new Uint32Array(0), roots: [], pruned: [] }, true);
          whole = true;
        }
        if (whole) {
          t.is(copy.version, store.version);
          t.deepEqual(copy.appHash, store.appHash);
          t.deepEqual(dump(copy), dump(store));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("parts that are taken between commits make one copy with what those commits changed", async (t) => {
  const store = await opened(t, 3);
  const commit = async (height: bigint, from: number, to: number, value: number | undefined) => {
    const overlay = new Overlay(store.latest());
    for (let i = from; i < to; i++) {
      const key = Uint8Array.of(i >> 16, i >> 8, i);
      if (value === undefined) overlay.store("bank").delete(key);
      else overlay.store("bank").set(key, Uint8Array.of(value, i));
    }
    await store.prepare(height, overlay.changes()).commit();
  };
  await commit(1n, 0, 20_000, 1);
  const copy = new StoreCopy(NAMES);
  const waiting: Batch[] = [];
  let height = 1n;
  let parts = 0;
  for (const part of store.feed((b) => waiting.push(sent(b)))) {
    copy.apply(sent(part), false);
    parts++;
    height++;
    // Rows are given back and taken again by others while the copy is made.
    await commit(height, parts * 700, parts * 700 + 3_000, parts % 2 === 0 ? parts : undefined);
  }
  t.true(parts > 9, `${parts} parts`);
  for (const batch of waiting.slice(0, -1)) copy.apply(batch, false);
  copy.apply(waiting.at(-1) as Batch, true);
  t.deepEqual(dump(copy), dump(store));
  t.throws(() => copy.latest().store("bank").set(Uint8Array.of(1), Uint8Array.of(1)), { message: /is committed/ });
});
