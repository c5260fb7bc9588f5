import "#platform/install.js";
import test from "ava";
import fc from "fast-check";
import { concat } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { emptyRoot, LogTree, verifyInclusion } from "./log-root.js";

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
