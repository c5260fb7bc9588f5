import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { PageRequest } from "#proto/gen/cosmos/base/query/v1beta1/pagination.js";
import { Branch, Heights } from "#test/chain/state.js";
import { utf8 } from "./bytes.js";
import { makeEnvironment } from "./environment.js";
import { ModuleError } from "./errors.js";
import { key, lastText, u32 } from "./keys.js";
import { paginate, paginateList } from "./pagination.js";
import { defineStore, textValue, type View } from "./store.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const store = defineStore("pages");
const map = store.map(200, "a text by number and name", key(u32, lastText), textValue);
const set = store.set(201, "names", key(lastText));
const NAMES = ["a", "ab", "b", "c", "d"];

const setUp = () => {
  const stores = new Branch(new Heights().latest());
  const ctx: View = { ...environment, store: (name) => stores.store(name) };
  for (const n of NAMES) {
    map.set(ctx, `value of ${n}`, 7, n);
    set.add(ctx, n);
  }
  map.set(ctx, "another's", 6, "a");
  map.set(ctx, "another's", 8, "a");
  return ctx;
};
type Told = [items: string, nextKey: string, total: bigint];
const told = ({ items, pagination }: { items: string[]; pagination: { nextKey: Uint8Array; total: bigint } }): Told => [items.join(" "), new TextDecoder().decode(pagination.nextKey), pagination.total];

test("a map below a prefix, a set and a list have the same pages", (t) => {
  const ctx = setUp();
  const each = (p: Partial<PageRequest> | undefined): Told => {
    const request = p && PageRequest.create(p);
    const ofMap = paginate(ctx, map, request, [7]);
    t.true(ofMap.items.every(({ key: [n, name], value }) => n === 7 && value === `value of ${name}`));
    const pages = [
      told({ ...ofMap, items: ofMap.items.map((e) => e.key[1]) }),
      told((({ items, pagination }) => ({ items: items.map((e) => e.key[0]), pagination }))(paginate(ctx, set, request))),
      told(paginateList(NAMES, utf8, request)),
    ];
    t.deepEqual(pages[1], pages[0]);
    t.deepEqual(pages[2], pages[0]);
    return pages[0] as Told;
  };
  t.deepEqual(each(undefined), ["a ab b c d", "", 5n]);
  t.deepEqual(each({ reverse: true }), ["d c b ab a", "", 5n]);
  t.deepEqual(each({ limit: 2n }), ["a ab", "b", 0n]);
  t.deepEqual(each({ limit: 5n }), ["a ab b c d", "", 0n]);
  t.deepEqual(each({ limit: 2n, countTotal: true, offset: 1n }), ["ab b", "c", 5n]);
  t.deepEqual(each({ limit: 2n, reverse: true }), ["d c", "b", 0n]);
  t.deepEqual(each({ limit: 2n, reverse: true, key: utf8("b") }), ["b ab", "a", 0n]);
  t.deepEqual(each({ limit: 2n, key: utf8("b"), countTotal: true }), ["b c", "d", 0n]);
  t.deepEqual(each({ key: utf8("aa") }), ["ab b c d", "", 0n], "a key need not be there");
  t.deepEqual(each({ reverse: true, key: utf8("aa") }), ["a", "", 0n]);
  t.deepEqual(each({ key: utf8("z") }), ["", "", 0n]);
  t.deepEqual(each({ offset: 5n }), ["", "", 5n]);
  t.deepEqual(each({ offset: 6n }), ["", "", 0n]);
  t.deepEqual(each({ offset: 1n << 63n }), ["", "", 0n]);
  for (const request of [PageRequest.create({ offset: 1n, key: utf8("b") })]) {
    const refused = { instanceOf: ModuleError, code: 18 as never, message: "paginate: invalid request, either offset or key is expected, got both: invalid request" };
    t.throws(() => paginate(ctx, set, request), refused);
    t.throws(() => paginateList(NAMES, utf8, request), refused);
  }
});

test("every entry is on one page, in either direction, and a page has 1,000 entries at most", (t) => {
  const ctx = setUp();
  const list = Array.from({ length: 2_345 }, (_, i) => `n${`${i}`.padStart(5, "0")}`);
  for (const n of list) set.add(ctx, n);
  for (const reverse of [false, true]) {
    const seen: string[] = [];
    let next: Uint8Array = new Uint8Array(0);
    do {
      const { items, pagination } = paginate(ctx, set, PageRequest.create({ limit: 9_999n, key: next, reverse }));
      t.true(items.length <= 1_000);
      seen.push(...items.map((e) => e.key[0]));
      next = pagination.nextKey;
    } while (next.length > 0);
    const all = [...NAMES, ...list];
    t.deepEqual(seen, reverse ? all.reverse() : all);
  }
  const first = paginate(ctx, set, undefined);
  t.is(first.items.length, 100);
  t.is(first.pagination.total, 2_350n);
});

test("a key of bytes that are no key of this list is a place in it", (t) => {
  const ctx = setUp();
  const page = paginate(ctx, map, PageRequest.create({ key: Uint8Array.of(0xff, 0, 1), reverse: true, limit: 1n }), [7]);
  t.deepEqual(page.items.map((e) => e.key), [[7, "d"]]);
  t.is(paginate(ctx, map, PageRequest.create({ key: new Uint8Array(3) })).items.length, 7);
});

test("of a filtered list what passes is counted, also behind its end", (t) => {
  const ctx = setUp();
  const total = (offset: bigint) => paginate(ctx, map, PageRequest.create({ offset, limit: 1n, countTotal: true }), [7], ({ key: [, name] }) => name.startsWith("a")).pagination.total;
  t.deepEqual([0n, 2n, 3n].map(total), [2n, 2n, 2n]);
});
