import "#platform/install.js";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { nodeCrypto } from "#platform/crypto.js";
import { checkProof } from "./ics23-check.js";
import { type Change, type MultiStore, openMultiStore, Overlay } from "./index.js";

const hex = (b: Uint8Array): string => Buffer.from(b).toString("hex");
const utf = (s: string): Uint8Array => new Uint8Array(Buffer.from(s));

async function folder(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "store-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
const names = ["bank", "acc", "work"];
const put = (store: MultiStore, height: bigint, sets: [string, string, string | undefined][], meta?: Map<string, Uint8Array>) => {
  const overlay = new Overlay(store.latest());
  for (const [name, key, value] of sets) {
    if (value === undefined) overlay.store(name).delete(utf(key));
    else overlay.store(name).set(utf(key), utf(value));
  }
  return store.prepare(height, overlay.changes(), meta);
};

test("the app hash of empty stores is the RFC 6962 root over the hash of nothing", async (t) => {
  const store = await openMultiStore(await folder(t), { names: ["b", "a"], keepVersions: 2 });
  const leaf = (name: string) => nodeCrypto.sha256(Buffer.concat([Buffer.from([0, 1]), Buffer.from(name), Buffer.from([32]), nodeCrypto.sha256(nodeCrypto.sha256(new Uint8Array(0)))]));
  const want = nodeCrypto.sha256(Buffer.concat([Buffer.from([1]), leaf("a"), leaf("b")]));
  t.is(hex(store.prepare(1n, new Map()).appHash), hex(want));
  await store.close();
});

test("any sequence of blocks, prepared twice and with restarts between: equal maps at every kept height, equal app hashes", async (t) => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 7 });
  const block = fc.record({
    sets: fc.array(fc.tuple(fc.constantFrom(...names), key, fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined })), { maxLength: 25 }),
    wrongFirst: fc.boolean(),
    restart: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 5 }), async (blocks, keepVersions) => {
      const [one, two] = [await mkdtemp(join(tmpdir(), "store-")), await mkdtemp(join(tmpdir(), "store-"))];
      let store = await openMultiStore(one, { names, keepVersions });
      const steady = await openMultiStore(two, { names: [...names].reverse(), keepVersions: 100 });
      const model = new Map<string, Map<string, Uint8Array>>(names.map((n) => [n, new Map()]));
      const history: string[][] = [];
      const contents = (read: (name: string) => [string, Uint8Array][]) => names.flatMap((n) => read(n).map(([k, v]) => `${n}/${k}=${hex(v)}`));
      for (const [i, { sets, wrongFirst, restart }] of blocks.entries()) {
        const height = BigInt(i + 1);
        const overlay = new Overlay(store.latest());
        for (const [name, k, v] of sets) {
          if (v === undefined) overlay.store(name).delete(k);
          else overlay.store(name).set(k, v);
          if (v === undefined) model.get(name)?.delete(hex(k));
          else model.get(name)?.set(hex(k), v);
        }
        if (wrongFirst) store.prepare(height, new Map<string, Change[]>([["acc", [{ key: utf("zz"), value: utf("other") }, { key: utf("a"), value: undefined }]]]));
        const prepared = store.prepare(height, overlay.changes());
        const same = steady.prepare(height, overlay.changes());
        t.is(hex(prepared.appHash), hex(same.appHash));
        await prepared.commit();
        await same.commit();
        if (restart) {
          await store.close();
          store = await openMultiStore(one, { names, keepVersions });
        }
        t.is(store.version, height);
        t.is(hex(store.appHash), hex(prepared.appHash));
        history.push(contents((n) => [...(model.get(n) as Map<string, Uint8Array>)].sort((a, b) => (a[0] < b[0] ? -1 : 1))));
        for (let h = 1; h <= i + 1; h++) {
          const view = store.at(BigInt(h));
          t.is(view !== undefined, h > i + 1 - keepVersions, `height ${h} of ${i + 1}`);
          if (view) t.deepEqual(contents((n) => [...view.store(n).iterate()].map(([k, v]) => [hex(k), v])), history[h - 1]);
          const old = steady.at(BigInt(h));
          t.deepEqual(contents((n) => [...(old?.store(n).iterate() ?? [])].map(([k, v]) => [hex(k), v])), history[h - 1]);
        }
      }
      await store.close();
      await steady.close();
      await rm(one, { recursive: true });
      await rm(two, { recursive: true });
    }),
    { numRuns: 25 },
  );
});

test("keys there and keys missing are proved to the app hash of each height, and an altered proof is not", async (t) => {
  const store = await openMultiStore(await folder(t), { names: ["acc", "bank", "beacon", "tasks", "work"], keepVersions: 100 });
  const hashes = new Map<bigint, Uint8Array>();
  for (let h = 1n; h <= 12n; h++) {
    const sets: [string, string, string | undefined][] = [["bank", `k${h}0`, `v${h}`], ["bank", `k${h}5`, `w${h}`], ["tasks", "t", `${h}`], ["acc", `a${h % 4n}`, `x${h}`]];
    if (h > 3n) sets.push(["bank", `k${h - 3n}0`, undefined]);
    const prepared = put(store, h, sets);
    await prepared.commit();
    hashes.set(h, prepared.appHash);
  }
  let checked = 0;
  for (const [h, appHash] of hashes) {
    for (const name of ["acc", "bank", "tasks"]) {
      for (const k of ["a0", "a9", "k10", "k100", "k15", "k9", "t", "u", "\u0000", "zz"]) {
        const { value, ops } = store.prove(name, utf(k), h);
        t.deepEqual(value, store.at(h)?.store(name).get(utf(k)));
        t.notThrows(() => checkProof(ops, name, utf(k), value, appHash), `${name}/${k} at ${h}`);
        t.throws(() => checkProof(ops, name, utf(k), value === undefined ? utf("claimed") : undefined, appHash));
        t.throws(() => checkProof(ops, name, utf(k), value, nodeCrypto.sha256(appHash)));
        const bent = ops.map((op) => ({ ...op, data: Uint8Array.from(op.data, (b, i) => (i === op.data.length - 1 ? b ^ 1 : b)) }));
        t.throws(() => checkProof(bent, name, utf(k), value, appHash));
        checked++;
      }
    }
  }
  t.is(checked, 360);
  t.throws(() => store.prove("acc", utf("a"), 13n), { message: "height 13 cannot be proved: kept are 1 to 12" });
  t.throws(() => store.prove("gov", utf("a"), 3n), { message: /no store "gov" at height 3/ });
  await store.close();
});

test("what was prepared but not committed is gone after a restart, side values with it", async (t) => {
  const dir = await folder(t);
  let store = await openMultiStore(dir, { names, keepVersions: 3 });
  await put(store, 1n, [["acc", "a", "1"]], new Map([["note", utf("one")]])).commit();
  const hash = store.appHash;
  const lost = put(store, 2n, [["acc", "a", "2"]], new Map([["note", utf("two")]]));
  t.notDeepEqual(lost.appHash, hash);
  t.deepEqual(store.latest().store("acc").get(utf("a")), utf("1"));
  t.deepEqual(store.meta("note"), utf("one"));
  await store.close();
  store = await openMultiStore(dir, { names, keepVersions: 3 });
  t.is(store.version, 1n);
  t.deepEqual(store.appHash, hash);
  t.deepEqual(store.meta("note"), utf("one"));
  t.is(store.meta("other"), undefined);
  t.is(hex(put(store, 2n, [["acc", "a", "2"]]).appHash), hex(lost.appHash));
  await store.close();
});

test("a view of a pruned height throws instead of reading rows that are in use again", async (t) => {
  const store = await openMultiStore(await folder(t), { names, keepVersions: 2 });
  await put(store, 1n, [["acc", "a", "1"], ["acc", "b", "1"]]).commit();
  const view = store.latest();
  const walk = view.store("acc").iterate()[Symbol.iterator]();
  t.deepEqual(walk.next().value?.[0], utf("a"));
  await put(store, 2n, [["acc", "b", "2"]]).commit();
  t.deepEqual(view.store("acc").get(utf("b")), utf("1"));
  await put(store, 3n, [["acc", "b", "3"]]).commit();
  const gone = { message: "height 1 is pruned: the oldest kept is 2; ask for that or a later one" };
  t.throws(() => view.store("acc").get(utf("b")), gone);
  t.throws(() => walk.next(), gone);
  t.is(store.at(1n), undefined);
  t.is(store.at(4n), undefined);
  t.throws(() => store.latest().store("acc").set(utf("a"), utf("b")), { message: /is committed: write to an Overlay over it/ });
  await store.close();
});

test("wrong heights, second commits, unknown stores and a folder in use are refused in one line", async (t) => {
  const dir = await folder(t);
  const store = await openMultiStore(dir, { names, keepVersions: 2 });
  const first = put(store, 5n, [["acc", "a", "1"]]);
  const second = put(store, 5n, [["acc", "a", "1"]]);
  await t.throwsAsync(first.commit(), { message: "height 5 cannot be committed: it was committed already, or prepared again" });
  await second.commit();
  await t.throwsAsync(second.commit(), { message: /it was committed already/ });
  t.throws(() => store.prepare(7n, new Map()), { message: "height 7 prepared on top of 5: want 6" });
  t.throws(() => store.prepare(6n, new Map([["gov", []]])), { message: /changes to an unknown store "gov": known are acc, bank, work/ });
  await t.throwsAsync(openMultiStore(dir, { names, keepVersions: 2 }), { message: /is in use by another process/ });
  await store.close();
  await t.throwsAsync(openMultiStore(dir, { names: ["bank"], keepVersions: 2 }), { message: /has a store acc that this program does not know/ });
  const wider = await openMultiStore(dir, { names: [...names, "gov"], keepVersions: 2 });
  t.is(wider.latest().store("gov").get(utf("a")), undefined);
  await put(wider, 6n, [["gov", "a", "1"]]).commit();
  t.deepEqual(wider.latest().store("gov").get(utf("a")), utf("1"));
  await wider.close();
});

test("a changed byte in the data folder is found at the next start", async (t) => {
  const dir = await folder(t);
  const store = await openMultiStore(dir, { names, keepVersions: 2 });
  await put(store, 1n, [["acc", "a", "1"], ["acc", "b", "2"]]).commit();
  await store.close();
  const db = new ClassicLevel<Uint8Array, Uint8Array>(dir, { keyEncoding: "view", valueEncoding: "view" });
  const rows = await db.iterator().all();
  const [key, value] = rows.find(([k, v]) => k[0] === 0x6e && v[0] === 0) as [Uint8Array, Uint8Array];
  await db.put(key, Uint8Array.from(value, (b, i) => (i === value.length - 1 ? b ^ 1 : b)));
  await db.close();
  await t.throwsAsync(openMultiStore(dir, { names, keepVersions: 2 }), { message: /is damaged: at height 1 its nodes hash to/ });
});
