/**
 * A checker of ICS-23 proofs, written from the ICS-23 specification and not from the code that makes them: it reads
 * nothing but the proof, the key, the value and the app hash. Tests use it as a light client would.
 */
import { createHash } from "node:crypto";
import { CommitmentProof, type ExistenceProof, HashOp, type InnerOp, type LeafOp, LengthOp } from "cosmjs-types/cosmos/ics23/v1/proofs";
import { type ProofOp } from "./types.js";

interface ProofSpec {
  leaf: LeafOp;
  minPrefix: number;
  maxPrefix: number;
  minDepth: number;
}
const leafSpec = (prefix: number): LeafOp => ({
  hash: HashOp.SHA256,
  prehashKey: HashOp.NO_HASH,
  prehashValue: HashOp.SHA256,
  length: LengthOp.VAR_PROTO,
  prefix: Uint8Array.of(prefix),
});
/** The published specs: iavl inner prefixes are 4 to 12 bytes, tendermint ones 1; children are 33 and 32 bytes. */
const SPECS: Record<string, ProofSpec & { child: number }> = {
  "ics23:iavl": { leaf: leafSpec(0), minPrefix: 4, maxPrefix: 12, minDepth: 0, child: 33 },
  "ics23:simple": { leaf: leafSpec(0), minPrefix: 1, maxPrefix: 1, minDepth: 0, child: 32 },
};

const sha = (...parts: Uint8Array[]): Buffer => {
  const h = createHash("sha256");
  for (const p of parts) h.update(p);
  return h.digest();
};
const withLength = (bytes: Uint8Array): Buffer => {
  const head: number[] = [];
  let n = bytes.length;
  while (n > 127) {
    head.push((n & 127) | 128);
    n >>>= 7;
  }
  head.push(n);
  return Buffer.concat([Buffer.from(head), bytes]);
};

function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Error(why);
}

function rootOf(spec: ProofSpec & { child: number }, proof: ExistenceProof): Buffer {
  const { leaf, key, value } = proof;
  assert(leaf !== undefined && key.length > 0 && value.length > 0, "proof without leaf, key or value");
  assert(
    leaf.hash === spec.leaf.hash && leaf.prehashKey === spec.leaf.prehashKey && leaf.prehashValue === spec.leaf.prehashValue && leaf.length === spec.leaf.length,
    "leaf is not of the spec",
  );
  assert(Buffer.from(leaf.prefix).subarray(0, 1).equals(spec.leaf.prefix), "leaf prefix is not of the spec");
  let at = sha(leaf.prefix, withLength(key), withLength(sha(value)));
  for (const step of proof.path) {
    assert(step.hash === HashOp.SHA256, "inner hash is not SHA-256");
    assert(step.prefix[0] !== spec.leaf.prefix[0], "inner node looks like a leaf");
    assert(step.prefix.length >= spec.minPrefix && step.prefix.length <= spec.maxPrefix + spec.child, "inner prefix length");
    assert(step.suffix.length % spec.child === 0, "inner suffix length");
    at = sha(step.prefix, at, step.suffix);
  }
  return at;
}

/** Whether a step's child is the left one (nothing before it but the prefix). */
const isLeft = (spec: { child: number }, step: InnerOp): boolean => step.suffix.length === spec.child;
const isRight = (spec: { minPrefix: number; child: number }, step: InnerOp): boolean =>
  step.suffix.length === 0 && step.prefix.length >= spec.minPrefix + spec.child;

function assertNeighbours(spec: ProofSpec & { child: number }, left: ExistenceProof, right: ExistenceProof): void {
  const l = [...left.path];
  const r = [...right.path];
  let a = l.pop();
  let b = r.pop();
  while (a && b && Buffer.from(a.prefix).equals(b.prefix) && Buffer.from(a.suffix).equals(b.suffix)) {
    a = l.pop();
    b = r.pop();
  }
  assert(a !== undefined && b !== undefined && isLeft(spec, a) && isRight(spec, b), "paths do not part left and right");
  assert(l.every((s) => isRight(spec, s)), "left neighbour is not the rightmost of its side");
  assert(r.every((s) => isLeft(spec, s)), "right neighbour is not the leftmost of its side");
}

/** The root that a proof operator leads to; throws when it does not prove what it should. `value` undefined: absence. */
export function proofRoot(op: ProofOp, key: Uint8Array, value: Uint8Array | undefined): Buffer {
  const spec = SPECS[op.type];
  assert(spec !== undefined, `operator ${op.type} is unknown`);
  const { exist, nonexist } = CommitmentProof.decode(op.data);
  assert(Buffer.from(op.key).equals(key), "operator has another key");
  if (value !== undefined) {
    assert(exist !== undefined, "no proof of existence");
    assert(Buffer.from(exist.key).equals(key) && Buffer.from(exist.value).equals(value), "proof is of another key or value");
    return rootOf(spec, exist);
  }
  assert(nonexist !== undefined && Buffer.from(nonexist.key).equals(key), "no proof of absence of this key");
  const { left, right } = nonexist;
  const roots: Buffer[] = [];
  if (left) {
    assert(Buffer.compare(left.key, key) < 0, "left neighbour is not below the key");
    roots.push(rootOf(spec, left));
  }
  if (right) {
    assert(Buffer.compare(right.key, key) > 0, "right neighbour is not above the key");
    roots.push(rootOf(spec, right));
  }
  const root = roots[0];
  assert(root !== undefined, "absence without neighbours");
  if (left && right) {
    assert((roots[1] as Buffer).equals(root), "neighbours are of different trees");
    assertNeighbours(spec, left, right);
  } else if (left) assert(left.path.every((s) => isRight(spec, s)), "left neighbour is not the last key");
  else if (right) assert(right.path.every((s) => isLeft(spec, s)), "right neighbour is not the first key");
  return root;
}

/** Follows both operators from a key to the app hash. */
export function checkProof(ops: ProofOp[], name: string, key: Uint8Array, value: Uint8Array | undefined, appHash: Uint8Array): void {
  const [inner, outer] = ops;
  assert(ops.length === 2 && inner?.type === "ics23:iavl" && outer?.type === "ics23:simple", "operators are not iavl, simple");
  const storeRoot = proofRoot(inner, key, value);
  assert(proofRoot(outer, Buffer.from(name), storeRoot).equals(appHash), "proof leads to another app hash");
}
