import "#platform/install.js";
import type { Group } from "#engine/quanta.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { quantise } from "../state/quantise.js";
import { type Recomputed, residualLeft, type TolerantClaim, tolerantFault } from "./tolerant.js";
import { rerunTolerant } from "./tolerant-rerun.js";
import { bitsOf, NOT_FINITE } from "../floats.js";

const Q = 2 ** -8;
const N = 64;
/** Repeatable numbers in −1 … 1. */
const wave = (n: number, f: number): Float32Array => Float32Array.from({ length: n }, (_, i) => (((i * 7919 + Math.floor(f * 1000)) * 104729) % 20011) / 10005.5 - 1);
const scaled = (values: Float32Array, by: number): Float32Array => values.map((v) => v * by);

function honest(residual: Float32Array, update: Float32Array, levels = 1): { claim: TolerantClaim; own: Recomputed } {
  const { k, residual: after, overdrive, isNull } = quantise(residual, update, groupOf(levels, update.length));
  const correct = { rows: 3, of: 10 };
  return {
    claim: { k, residual: after, loss: isNull ? NOT_FINITE : 1_000_000, accuracy: 300_000, overdrive, null: isNull },
    own: { residual, update, loss: 1, correct },
  };
}
const groupOf = (levels: number, n = N): Group => ({ runs: [{ offset: 0, size: n }], size: n, levels, q: Q, bound: 4 * levels * Q });
const reasonOf = (claim: TolerantClaim, own: Recomputed, levels = 1) => tolerantFault(claim, own, [groupOf(levels, claim.k.length)])?.reason;

test("what another order of sums gives is accepted, and a thousandth more is not", (t) => {
  const [r, u] = [scaled(wave(N, 1), Q / 2), scaled(wave(N, 2), Q)];
  const { own } = honest(r, u);
  for (const [by, reason] of [[1 + 2 ** -12, undefined], [1 + 2 ** -9, "residual_hash"], [1 - 2 ** -9, "residual_hash"]] as const) t.is(reasonOf(honest(r, scaled(u, by)).claim, own), reason, `${by}`);
});

test("an entry fires when a quantum is due, with its sign, and as often as levels allow", (t) => {
  const r = new Float32Array(4);
  const u = Float32Array.of(-2.5 * Q, 0.5 * Q, 5 * Q, -0.1 * Q);
  const { claim, own } = honest(r, u, 3);
  t.deepEqual([...claim.k], [2, 0, -3, 0]);
  t.is(reasonOf(claim, own, 3), undefined);
  for (const k of [[1, 0, -3, 0], [3, 0, -3, 0], [2, -1, -3, 0], [2, 0, -2, 0], [2, 0, 3, 0], [2, 0, -3, -1], [0, 0, 0, 0]]) {
    const changed = Int32Array.from(k);
    t.is(reasonOf({ ...claim, k: changed, residual: residualLeft(r, u, changed, [groupOf(3, 4)]) }, own, 3), "map_hash", k.join());
  }
});

test("an update that vanishes beside the residual in binary32 may be rounded either way", (t) => {
  const r = scaled(wave(N, 3), 0.9 * Q);
  const u = scaled(wave(N, 4), Q * 2 ** -26);
  const other = scaled(u, 1 + 2 ** -12);
  t.is(reasonOf(honest(r, other).claim, honest(r, u).own), undefined);
  t.is(reasonOf({ ...honest(r, u).claim, residual: scaled(r, 1 + 2 ** -20) }, honest(r, u).own), "residual_hash");
});

test("a null iteration is null for both, with an empty map and the residual as it was", (t) => {
  const r = scaled(wave(N, 5), Q / 2);
  const u = scaled(wave(N, 6), Q);
  const bad = u.slice();
  bad[7] = Number.POSITIVE_INFINITY;
  const { claim, own } = honest(r, bad);
  t.true(claim.null);
  t.is(reasonOf(claim, own), undefined);
  t.is(reasonOf(claim, honest(r, u).own), "null");
  t.is(reasonOf(honest(r, u).claim, own), "null");
  t.is(reasonOf({ ...claim, residual: new Float32Array(N) }, own), "residual_hash");
  t.is(reasonOf({ ...claim, k: Int32Array.from(claim.k, (_, i) => (i === 3 ? 1 : 0)) }, own), "map_hash");
});

test("loss, accuracy and overdrive are held to what undecided rows and entries leave open", (t) => {
  const { claim, own } = honest(scaled(wave(N, 7), Q / 2), scaled(wave(N, 8), 3 * Q));
  t.true(claim.overdrive > 3);
  t.is(reasonOf({ ...claim, overdrive: claim.overdrive - 1 }, own), "overdrive");
  for (const [loss, reason] of [[1_000_900, undefined], [1_001_100, "loss"], [NOT_FINITE, "loss"]] as const) t.is(reasonOf({ ...claim, loss }, own), reason);
  for (const [accuracy, reason] of [[200_000, undefined], [400_000, undefined], [500_000, "accuracy"]] as const) t.is(reasonOf({ ...claim, accuracy }, own), reason);
  t.is(tolerantFault({ ...claim, accuracy: 0 }, { ...own, correct: undefined }, [groupOf(1)]), undefined);
});

/** Its gradient turns over with the smallest move of the weights: nothing of it is decided. */
function undecided(share: number) {
  const base = wave(N, 9);
  base[0] = 0.5;
  const weights = new Float32Array(N).fill(1);
  let restored = 0;
  const engine = {
    batchSize: 10,
    weights: () => weights,
    makeWeights: () => void (restored++, weights.fill(1)),
    gradient: () => ({ loss: 1, correct: 3, gradient: base.map((g, i) => (i < share * N && (weights[i] as number) > 1 ? -g : g)) }),
  };
  return { engine, base, restored: () => restored };
}
const rerun = (engine: ReturnType<typeof undecided>["engine"], claim: TolerantClaim, before: Float32Array) =>
  rerunTolerant({ hash: nodeCrypto, engine, batch: { x: new Float32Array(0), y: new Int32Array(0) }, before, claim, lrBits: bitsOf(Q), groups: [groupOf(1)], regression: false, seed: new Uint8Array(32) }).fault?.reason;

test("what moves with the smallest move of the weights is open, what does not is bound", (t) => {
  const before = new Float32Array(N);
  const { engine, base, restored } = undecided(1 / 64);
  const flipped = base.map((g, i) => Q * (i < 1 ? -g : g));
  t.is(rerun(engine, honest(before, flipped).claim, before), undefined);
  t.is(restored(), 1, "the weights are as they were");
  const other = base.map((g, i) => Q * (i === 5 ? -g : g));
  t.is(rerun(engine, honest(before, other).claim, before), "residual_hash");
});

test("a task that leaves everything undecided does not open everything", (t) => {
  const before = new Float32Array(N);
  const { engine } = undecided(1);
  t.is(rerun(engine, honest(before, new Float32Array(N)).claim, before), "residual_hash", "no work at all");
});
