import "#platform/install.js";
import test from "ava";
import fc from "fast-check";
import { concat } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { emptyRoot, LogFrontier, LogTree, type NodeRun, proofFrom, proofRuns, verifyInclusion } from "./log-root.js";

const leaf = (i: number) => nodeCrypto.sha256(Uint8Array.of(i & 255, i >> 8));
const treeOf = (n: number) => {
  const tree = new LogTree(nodeCrypto);
  for (let i = 0; i < n; i++) tree.append(leaf(i));
  return tree;
};

/** The definition of RFC 6962, section 2.1, word by word. */
function mth(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return nodeCrypto.sha256(new Uint8Array(0));
  if (leaves.length === 1) return nodeCrypto.sha256(concat(Uint8Array.of(0), leaves[0] as Uint8Array));
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeCrypto.sha256(concat(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k))));
}

test("the root is that of RFC 6962 for every size, also of earlier sizes of a longer tree", (t) => {
  const tree = treeOf(70);
  const leaves = Array.from({ length: 70 }, (_, i) => leaf(i));
  for (let n = 0; n <= 70; n++) t.deepEqual(tree.root(n), mth(leaves.slice(0, n)));
  t.deepEqual(tree.root(0), emptyRoot(nodeCrypto));
});

test("every leaf of every size has a proof that verifies, and for no other leaf, hash, size or root", (t) => {
  const tree = treeOf(40);
  for (let n = 1; n <= 40; n++) {
    const root = tree.root(n);
    for (let i = 0; i < n; i++) {
      const proof = tree.proof(i, n);
      t.true(verifyInclusion(nodeCrypto, root, n, i, leaf(i), proof), `leaf ${i} of ${n}`);
      t.false(verifyInclusion(nodeCrypto, root, n, i, leaf(i + 1), proof));
      t.false(verifyInclusion(nodeCrypto, tree.root(n - 1), n, i, leaf(i), proof));
      t.false(verifyInclusion(nodeCrypto, root, n, n, leaf(i), proof));
      t.false(verifyInclusion(nodeCrypto, root, n, i, leaf(i), [...proof, leaf(0)]));
      if (proof.length > 0) t.false(verifyInclusion(nodeCrypto, root, n, i, leaf(i), proof.slice(1)));
      if (n > 1) t.false(verifyInclusion(nodeCrypto, root, n, (i + 1) % n, leaf(i), proof));
    }
  }
});

test("a proof with any bit changed fails", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), fc.integer({ min: 0, max: 255 }), (n, at, which, bit) => {
      const tree = treeOf(n);
      const i = at % n;
      const proof = tree.proof(i).map((h) => h.slice());
      const h = proof[which % proof.length] as Uint8Array;
      h[bit >> 3] = (h[bit >> 3] as number) ^ (1 << (bit & 7));
      t.false(verifyInclusion(nodeCrypto, tree.root(), n, i, leaf(i), proof));
    }),
    { numRuns: 60 },
  );
});

test("a truncated tree goes on as if the rest had never been", (t) => {
  for (const [n, keep] of [[37, 20], [8, 7], [9, 8], [5, 0]] as const) {
    const tree = treeOf(n);
    tree.truncate(keep);
    t.deepEqual(tree.root(), treeOf(keep).root());
    for (let i = keep; i < 50; i++) tree.append(leaf(i));
    t.deepEqual(tree.root(), treeOf(50).root());
  }
});

/** Nodes as a log on disk keeps them: those that a frontier gives out, and the header hashes. */
function kept(n: number): { frontier: LogFrontier; nodes(runs: readonly NodeRun[]): Uint8Array[][]; held: Map<string, Uint8Array> } {
  const held = new Map<string, Uint8Array>();
  const frontier = new LogFrontier(nodeCrypto);
  for (let i = 0; i < n; i++) frontier.append(leaf(i), (level, index, root) => held.set(`${level}/${index}`, root));
  const node = (level: number, index: number) => (level === 0 ? leaf(index) : (held.get(`${level}/${index}`) as Uint8Array));
  return { frontier, held, nodes: (runs) => runs.map(({ level, first, count }) => Array.from({ length: count }, (_, i) => node(level, first + i))) };
}

test("a frontier has the root of the whole tree at every size, also after it was written and read back or made from kept nodes", (t) => {
  const tree = treeOf(600);
  let f = new LogFrontier(nodeCrypto);
  for (let n = 0; n <= 600; n++) {
    t.deepEqual(f.root(), tree.root(n), `${n} leaves`);
    if (n % 7 === 0) f = LogFrontier.decode(nodeCrypto, f.encode());
    f.append(leaf(n));
  }
  for (const n of [0, 1, 15, 16, 17, 255, 256, 300, 511, 600]) {
    const k = kept(n);
    t.deepEqual(LogFrontier.from(nodeCrypto, n, k.nodes(LogFrontier.runs(n))).root(), tree.root(n));
  }
});

test("a frontier that is cut or has too many peaks is refused", (t) => {
  const bytes = kept(21).frontier.encode();
  for (const bad of [bytes.slice(0, 4), bytes.slice(0, -32), bytes.slice(0, -1), new Uint8Array([...bytes, ...new Uint8Array(32)])]) {
    t.throws(() => LogFrontier.decode(nodeCrypto, bad), { instanceOf: RangeError });
  }
});

test("a proof from kept nodes is the whole tree's, and verifies", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), fc.nat(), (n, a, b) => {
      const size = 1 + (a % n);
      const i = b % size;
      const k = kept(n);
      const proof = proofFrom(nodeCrypto, i, size, k.nodes(proofRuns(i, size)));
      t.deepEqual(proof, treeOf(size).proof(i));
      t.true(verifyInclusion(nodeCrypto, treeOf(size).root(), size, i, leaf(i), proof));
    }),
    { numRuns: 40 },
  );
});

test("a proof in a tree of a million leaves asks for few nodes", (t) => {
  for (const [i, size] of [[0, 999_999], [500_000, 999_999], [999_998, 999_999], [5, 1 << 20]] as const) {
    const runs = proofRuns(i, size);
    const reads = runs.reduce((n, r) => n + r.count, 0);
    t.true(runs.length <= 40 && reads <= 200, `${runs.length} runs of ${reads} nodes`);
  }
});
