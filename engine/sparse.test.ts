/** Leaving zeros out changes no bit, and is refused where it would. */
import test from "ava";
import fc from "fast-check";
import { createEngine } from "#engine/index.js";
import { allHosts, Bench } from "#engine/testing/hosts.js";
import { classes, denseTopology, firstWeights, planOf, uniform } from "#engine/testing/models.js";

const shape = fc.record({ M: fc.integer({ min: 1, max: 40 }), N: fc.integer({ min: 1, max: 150 }), K: fc.integer({ min: 1, max: 300 }), zeros: fc.constantFrom(0, 0.3, 0.6, 0.9, 1), bias: fc.boolean(), relu: fc.boolean(), seed: fc.integer({ min: 1, max: 1 << 30 }) });

/** Zeros of both signs where the draw says so. */
function withZeros(values: Float32Array, part: number, seed: number): Float32Array {
  const draws = uniform(values.length, 0.5, seed);
  return values.map((v, i) => ((draws[i] as number) + 0.5 < part ? (i % 3 === 0 ? -0 : 0) : v));
}

for (const host of await allHosts()) {
  test(`products without the zeros have the bits of gemm (${host.name})`, (t) => {
    const { kernels } = host;
    fc.assert(
      fc.property(shape, ({ M, N, K, zeros, bias, relu, seed }) => {
        const b = new Bench(host);
        const x = withZeros(uniform(M * K, 2, seed), zeros, seed + 9);
        const [xAt, w, error] = [b.f32(x), b.f32(uniform(K * N, 1, seed + 1)), b.f32(withZeros(uniform(M * N, 1, seed + 2), 0.5, seed))];
        const biasAt = bias ? b.f32(uniform(N, 1, seed + 3)) : 0;
        const [packed, want, got] = [b.room(4 * Math.max(K, M) * (N + 64)), b.room(4 * Math.max(M, K) * N), b.room(4 * Math.max(M, K) * N)];
        const most = M * K;
        const lists = b.room(4 * (M + K + 2 + 3 * most));
        const count = kernels.sparseLists(M, K, xAt, lists, most);
        if (count === -1) {
          // It looks at the beginning only, and leaves the dense ones.
          t.true(x.slice(0, 2048).filter((v) => v !== 0).length * 4 > Math.min(2048, x.length) * 3);
          return;
        }
        t.is(count, x.filter((v) => v !== 0).length);
        kernels.pack(K, N, w, N, 1, packed);
        kernels.gemm(M, N, K, xAt, K, 1, packed, want, biasAt, relu ? 1 : 0);
        t.is(kernels.sparseProduct(M, N, K, xAt, lists, w, biasAt, got, relu ? 1 : 0), 1);
        t.deepEqual(b.readBits(got, M * N), b.readBits(want, M * N));
        kernels.pack(M, N, error, N, 1, packed);
        kernels.gemm(K, N, M, xAt, 1, K, packed, want, 0, 0);
        t.is(kernels.sparseGradient(M, N, K, lists, most, error, got), 1);
        t.deepEqual(b.readBits(got, K * N), b.readBits(want, K * N));
      }),
      { numRuns: 120, seed: 31 },
    );
  });

  test(`what is not finite, a bias of −0 and too many entries are left to gemm (${host.name})`, (t) => {
    const { kernels } = host;
    const b = new Bench(host);
    const [lists, out] = [b.room(1 << 12), b.room(1 << 12)];
    const lists6 = (values: number[], most: number) => kernels.sparseLists(2, 3, b.f32(values), lists, most);
    t.is(lists6([0, 1, 0, 0, 0, 2], 6), 2);
    t.is(lists6([0, 1, 0, 0, 0, 2], 1), -1);
    t.is(lists6([0, Number.NaN, 0, 0, 0, 2], 6), -1);
    t.is(lists6([0, 1, 0, 0, Number.NEGATIVE_INFINITY, 2], 6), -1);
    const x = b.f32([0, 1, 0, 0, 0, 2]);
    kernels.sparseLists(2, 3, x, lists, 6);
    const w = b.f32([1, 2, 3, 4, 5, 6]);
    t.is(kernels.sparseProduct(2, 2, 3, x, lists, w, b.f32([1, -0]), out, 0), 0);
    t.is(kernels.sparseProduct(2, 2, 3, x, lists, w, b.f32([1, 0]), out, 0), 1);
    t.deepEqual([...b.readF32(out, 4)], [4, 4, 11, 12]);
    t.is(kernels.sparseGradient(2, 2, 3, lists, 6, b.f32([1, 2, Number.POSITIVE_INFINITY, 4]), out), 0);
    t.is(kernels.sparseGradient(2, 2, 3, lists, 6, b.f32([1, 2, 3, 4]), out), 1);
    t.deepEqual([...b.readF32(out, 6)], [0, 0, 1, 2, 6, 8]);
  });
}

test("a row of fewer samples than the batch is evaluated without its zeros as well", async (t) => {
  const plan = planOf(denseTopology(90, { units: 40, activation: "relu" }, { units: 3, activation: "softmax" }));
  const [whole, part] = [await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: 16 }), await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: 5 })];
  const x = withZeros(uniform(16 * 90, 1, 3), 0.8, 4);
  const y = classes(16, 3, 5);
  for (const e of [whole, part]) e.setInitial(firstWeights(plan, 8));
  whole.gradient({ x, y });
  t.deepEqual(whole.evaluate({ x, y }, 5), part.evaluate({ x, y }, 5));
});
