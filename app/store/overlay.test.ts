import "#platform/install.js";
import test from "ava";
import fc from "fast-check";
import { compareBytes } from "#kernel/bytes.js";
import { Overlay } from "./overlay.js";
import { type Stores } from "./types.js";

const empty: Stores = {
  store: () => ({
    get: () => undefined,
    has: () => false,
    set: () => { throw new Error("read-only"); },
    delete: () => { throw new Error("read-only"); },
    iterate: () => [],
    reverse: () => [],
  }),
};
const hex = (b: Uint8Array): string => Buffer.from(b).toString("hex");

const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 6 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant("set" as const), key, value: fc.uint8Array({ maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("delete" as const), key }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom("branch" as const, "commit" as const, "discard" as const) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("walk" as const), key, end: key }) },
);

test("a stack of overlays reads like a stack of copied maps, whatever is branched, committed and thrown away", (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const overlays = [new Overlay(empty)];
      const models = [new Map<string, Uint8Array>()];
      for (const s of steps) {
        const overlay = overlays.at(-1) as Overlay;
        const model = models.at(-1) as Map<string, Uint8Array>;
        const store = overlay.store("s");
        if (s.op === "set") {
          store.set(s.key, s.value);
          model.set(hex(s.key), s.value);
        } else if (s.op === "delete") {
          store.delete(s.key);
          model.delete(hex(s.key));
        } else if (s.op === "branch") {
          overlays.push(overlay.branch());
          models.push(new Map(model));
        } else if (s.op === "walk") {
          const pairs = [...model]
            .filter(([k]) => compareBytes(Buffer.from(k, "hex"), s.key) >= 0 && compareBytes(Buffer.from(k, "hex"), s.end) < 0)
            .sort((a, b) => compareBytes(Buffer.from(a[0], "hex"), Buffer.from(b[0], "hex")));
          t.deepEqual([...store.iterate(s.key, s.end)].map(([k, v]) => [hex(k), v]), pairs);
          t.deepEqual([...store.reverse(s.key, s.end)].map(([k, v]) => [hex(k), v]), [...pairs].reverse());
          t.deepEqual(store.get(s.key), model.get(hex(s.key)));
          t.is(store.has(s.key), model.has(hex(s.key)));
        } else if (overlays.length > 1) {
          overlays.pop();
          models.pop();
          if (s.op === "commit") {
            overlay.commit();
            models[models.length - 1] = model;
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("changes are sorted, one per key, deletions included, and stores without any are left out", (t) => {
  const overlay = new Overlay(empty);
  overlay.store("b").set(Uint8Array.of(2), Uint8Array.of(1));
  overlay.store("b").set(Uint8Array.of(1, 255), Uint8Array.of(2));
  overlay.store("b").set(Uint8Array.of(2), Uint8Array.of(3));
  overlay.store("b").delete(Uint8Array.of(1));
  overlay.store("a").get(Uint8Array.of(1));
  t.deepEqual(
    [...overlay.changes()],
    [["b", [
      { key: Uint8Array.of(1), value: undefined },
      { key: Uint8Array.of(1, 255), value: Uint8Array.of(2) },
      { key: Uint8Array.of(2), value: Uint8Array.of(3) },
    ]]],
  );
});

test("bytes that a reader alters do not reach the store, and a key or value of the wrong kind is refused", (t) => {
  const overlay = new Overlay(empty);
  const store = overlay.branch().store("s");
  store.set(Uint8Array.of(1), Uint8Array.of(7));
  (store.get(Uint8Array.of(1)) as Uint8Array)[0] = 9;
  for (const [, v] of store.iterate()) v[0] = 9;
  t.deepEqual(store.get(Uint8Array.of(1)), Uint8Array.of(7));
  t.throws(() => store.set(new Uint8Array(0), Uint8Array.of(1)), { message: /a key of 0 bytes, want 1 to 65535/ });
  t.throws(() => store.set(Uint8Array.of(1), undefined as unknown as Uint8Array), { message: /a value must be bytes, got undefined/ });
  t.throws(() => overlay.commit(), { message: /hand its changes\(\) to prepare\(\)/ });
});
