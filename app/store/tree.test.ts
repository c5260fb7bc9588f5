import "#platform/install.js";
import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { compareBytes } from "#kernel/bytes.js";
import { Nodes } from "./nodes.js";
import { iavlProof } from "./proofs.js";
import { ascend, descend, find, leafAt, rankOf, TreeWriter } from "./tree.js";

interface Golden {
  version: number;
  changes: { key: string; value: string | null }[];
  root: string;
  proofs: { key: string; exist: boolean; data: string }[];
}
const bytes = (b64: string): Uint8Array => new Uint8Array(Buffer.from(b64, "base64"));
const b64 = (b: Uint8Array): string => Buffer.from(b).toString("base64");

test("roots and proofs of 30 versions equal those of cosmos/iavl v1.2.2, byte for byte", (t) => {
  const golden = JSON.parse(readFileSync(new URL("testdata/iavl.json", import.meta.url), "utf8")) as Golden[];
  const nodes = new Nodes();
  let root = 0;
  let proofs = 0;
  for (const { version, changes, root: want, proofs: wanted } of golden) {
    const writer = new TreeWriter(nodes, version);
    for (const { key, value } of changes) {
      root = value === null ? writer.remove(root, bytes(key)) : writer.set(root, bytes(key), bytes(value));
    }
    nodes.hashTree(root);
    writer.releaseDropped();
    t.not(root, 0);
    t.is(b64(nodes.hashOf(root)), want, `version ${version}`);
    for (const { key, exist, data } of wanted) {
      t.is(b64(iavlProof(nodes, root, bytes(key)).data), data, `${exist ? "presence" : "absence"} of ${key} at ${version}`);
      proofs++;
    }
  }
  t.true(golden.length === 30 && proofs > 50);
});

const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 5 });
const changes = fc.array(fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 6 }), { nil: undefined })), { maxLength: 40 });

test("a tree is a sorted map with balanced branches, and every earlier version stays as it was", (t) => {
  fc.assert(
    fc.property(fc.array(changes, { minLength: 1, maxLength: 8 }), fc.option(key, { nil: undefined }), fc.option(key, { nil: undefined }), (versions, start, end) => {
      const nodes = new Nodes();
      const model = new Map<string, Uint8Array>();
      const past: { root: number; pairs: [string, Uint8Array][] }[] = [];
      let root = 0;
      versions.forEach((list, i) => {
        const writer = new TreeWriter(nodes, i + 1);
        for (const [k, v] of list) {
          root = v === undefined ? writer.remove(root, k) : writer.set(root, k, v);
          if (v === undefined) model.delete(b64(k));
          else model.set(b64(k), v);
        }
        nodes.hashTree(root);
        writer.releaseDropped();
        past.push({ root, pairs: [...model].sort((a, b) => compareBytes(bytes(a[0]), bytes(b[0]))) });
      });
      for (const { root: r, pairs } of past) {
        const read = (rows: Iterable<number>) => [...rows].map((id) => [b64(nodes.keys[id] as Uint8Array), nodes.values[id]]);
        const inRange = pairs.filter(([k]) => (!start || compareBytes(bytes(k), start) >= 0) && (!end || compareBytes(bytes(k), end) < 0));
        t.deepEqual(read(ascend(nodes, r)), pairs);
        t.deepEqual(read(ascend(nodes, r, start, end)), inRange);
        t.deepEqual(read(descend(nodes, r, start, end)), [...inRange].reverse());
        pairs.forEach(([k], rank) => {
          t.is(b64(nodes.keys[leafAt(nodes, r, rank)] as Uint8Array), k);
          t.is(rankOf(nodes, r, bytes(k)), rank);
          t.not(find(nodes, r, bytes(k)), 0);
        });
        checkShape(t.is, nodes, r);
      }
    }),
    { numRuns: 150 },
  );
});

function checkShape(is: (a: unknown, b: unknown) => void, n: Nodes, id: number): void {
  if (id === 0 || n.height[id] === 0) return;
  const [l, r] = [n.left[id] as number, n.right[id] as number];
  const [hl, hr] = [n.height[l] as number, n.height[r] as number];
  is(n.height[id], Math.max(hl, hr) + 1);
  is(n.size[id], (n.size[l] as number) + (n.size[r] as number));
  is(Math.abs(hl - hr) <= 1, true);
  is(b64(n.keys[id] as Uint8Array), b64(n.keys[leafAt(n, r, 0)] as Uint8Array));
  checkShape(is, n, l);
  checkShape(is, n, r);
}
