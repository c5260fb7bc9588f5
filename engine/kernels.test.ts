import test from "ava";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { Bench, allHosts } from "#engine/testing/hosts.js";
import { bitsOf, uniform } from "#engine/testing/models.js";
import type { Host } from "#engine/kernels.js";
import { compileKernels, kernelsModule } from "#engine/wasm/build.js";

const { fround, abs } = Math;
const { cases } = JSON.parse(readFileSync(new URL("../test/vectors/protocol.json", import.meta.url), "utf8"));
const vectors = (op: string): any[] => cases.filter((c: { op: string }) => c.op === op);
const hosts = await allHosts();
const floatOf = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] as number;

test("building the kernels again gives the committed bytes", async (t) => {
  const committed = readFileSync(new URL("wasm/kernels.ts", import.meta.url), "utf8");
  t.true(kernelsModule(await compileKernels()) === committed, "run engine/wasm/build.ts and commit kernels.ts");
});

function addMap(host: Host, n: number, levels: number, map: Uint8Array, sign = 1): { refused: boolean; K: Int32Array; w: Float32Array } {
  const b = new Bench(host);
  const w0 = b.f32(new Float32Array(n).fill(1));
  const [K, w] = [b.room(n * 4), b.room(n * 4)];
  b.arena.f32(w, n).fill(1);
  b.arena.i32(K, n).fill(0);
  const refused = host.kernels.addMap(n, w0, K, w, 0.5, levels, sign, b.bytes(map), map.length) !== 0;
  return { refused, K: b.arena.i32(K, n).slice(), w: b.readF32(w, n) };
}

for (const host of hosts) {
  test(`the public vectors of quantise hold, with the encoded map (${host.name})`, (t) => {
    t.true(vectors("quantise").length > 0);
    for (const { in: given, out } of vectors("quantise")) {
      const b = new Bench(host);
      const n = given.residual_bits.length;
      const q = floatOf(given.q_bits);
      const [r, g, room, signs, info] = [b.bits(given.residual_bits), b.bits(given.update_bits), b.room(n * 5 + 32), b.room(n), b.room(16)];
      // With a rate of 1 the update is the gradient itself.
      const start = host.kernels.quantise(n, r, g, 1, q, 1 / q, given.levels, room, signs, info) >>> 0;
      const [length = 0, overdrive] = b.arena.i32(info, 2);
      t.deepEqual(b.readBits(r, n), out.residual_bits);
      t.is(overdrive, out.overdrive);
      const { K, refused } = addMap(host, n, given.levels, b.arena.u8(start, length).slice());
      t.false(refused);
      t.deepEqual([...K], out.k);
    }
  });

  test(`the public vectors of weights hold (${host.name})`, (t) => {
    t.true(vectors("weights").length > 0);
    for (const { in: given, out } of vectors("weights")) {
      const b = new Bench(host);
      const n = given.K.length;
      const [w0, K, w] = [b.bits(given.w0_bits), b.room(n * 4), b.room(n * 4)];
      b.arena.i32(K, n).set(given.K);
      host.kernels.makeWeights(n, w0, K, floatOf(given.q_bits), w);
      t.deepEqual(b.readBits(w, n), out);
    }
  });

  test(`the public vectors of maps are encoded to the byte and decoded (${host.name})`, (t) => {
    t.true(vectors("map").length > 0);
    for (const { in: given, out } of vectors("map")) {
      const b = new Bench(host);
      const { n, levels } = given;
      const update = new Float32Array(n);
      for (const [i, k] of given.entries) update[i] = -k;
      const [r, g, room, signs, info] = [b.f32(new Float32Array(n)), b.f32(update), b.room(n * 5 + 32), b.room(n), b.room(16)];
      const start = host.kernels.quantise(n, r, g, 1, 1, 1, levels, room, signs, info) >>> 0;
      const bytes = b.arena.u8(start, b.arena.i32(info, 1)[0] as number).slice();
      t.is(Buffer.from(bytes).toString("hex"), out.bytes);
      t.is(createHash("sha256").update(bytes).digest("hex"), out.map_hash);
      for (const sign of [1, -1]) {
        const { refused, K, w } = addMap(host, n, levels, bytes, sign);
        t.false(refused);
        const want = new Int32Array(n);
        for (const [i, k] of given.entries) want[i] = sign * k;
        t.deepEqual(K, want);
        t.deepEqual(w, Float32Array.from(want, (k) => 1 + 0.5 * k));
      }
    }
  });

  test(`maps that are not canonical are refused and change nothing (${host.name})`, (t) => {
    t.true(vectors("map_refused").length > 0);
    for (const { in: given } of vectors("map_refused")) {
      const { refused, K } = addMap(host, given.n, given.levels, Buffer.from(given.bytes, "hex"));
      t.true(refused, given.why);
      t.true(K.every((k) => k === 0), given.why);
    }
  });

  test(`quantise is the protocol's rule for any finite numbers (${host.name})`, (t) => {
    const number = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 37 }), fc.integer({ min: -40, max: 0 }), fc.constantFrom(1, 2, 7, 2 ** 24 - 1), fc.float({ min: fround(1e-6), max: 2, noNaN: true }), (pairs, log2, levels, lr) => {
        const q = 2 ** log2;
        const n = pairs.length;
        const b = new Bench(host);
        const [r, g, room, signs, info] = [b.f32(pairs.map((p) => p[0])), b.f32(pairs.map((p) => p[1])), b.room(n * 5 + 32), b.room(n), b.room(16)];
        const a = pairs.map(([res, grad]) => fround(res - fround(lr * grad)));
        const start = host.kernels.quantise(n, r, g, lr, q, 1 / q, levels, room, signs, info) >>> 0;
        if (!a.every(Number.isFinite)) {
          t.is(start, 0);
          t.deepEqual(b.readBits(r, n), pairs.map((p) => bitsOf(p[0])));
          return;
        }
        const k = a.map((v) => Math.max(-levels, Math.min(levels, Math.trunc(v / q))) + 0);
        const [length = 0, overdrive] = b.arena.i32(info, 2);
        t.deepEqual(b.readBits(r, n), a.map((v, i) => bitsOf(fround(v - q * (k[i] as number)))));
        t.is(overdrive, a.filter((v) => abs(v) > levels * q).length);
        t.deepEqual([...addMap(host, n, levels, b.arena.u8(start, length).slice()).K], k);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test(`a product adds rounded terms in ascending order from the bias, whatever the blocking (${host.name})`, (t) => {
    const size = fc.integer({ min: 1, max: 41 });
    fc.assert(
      fc.property(size, size, size, fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean(), (M, N, K, aT, bT, withBias, relu) => {
        const b = new Bench(host);
        const [a, bm, bias] = [uniform(M * K, 1, M + 50 * N + 1), uniform(K * N, 1, K + 1), uniform(N, 1, N + 9)];
        const [packed, c] = [b.room(K * (N + 32) * 4), b.room(M * N * 4)];
        host.kernels.pack(K, N, b.f32(bm), bT ? 1 : N, bT ? K : 1, packed);
        host.kernels.gemm(M, N, K, b.f32(a), aT ? 1 : K, aT ? M : 1, packed, c, withBias ? b.f32(bias) : 0, relu ? 1 : 0);
        const want = new Float32Array(M * N);
        for (let i = 0; i < M; i++) {
          for (let j = 0; j < N; j++) {
            let s = withBias ? (bias[j] as number) : 0;
            for (let k = 0; k < K; k++) s = fround(s + fround((a[aT ? k * M + i : i * K + k] as number) * (bm[bT ? j * K + k : k * N + j] as number)));
            want[i * N + j] = relu && s < 0 ? 0 : s;
          }
        }
        t.deepEqual(b.readBits(c, M * N), [...want].map(bitsOf));
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  test(`exp, tanh and sigmoid are within 4e-7 of the true values, and NaN stays (${host.name})`, (t) => {
    const xs = [...uniform(2000, 12, 3), ...uniform(500, 0.7, 5), 0, -0, 87, -87, 1e30, -1e30];
    const b = new Bench(host);
    const [x, out] = [b.f32([...xs, Number.NaN]), b.room((xs.length + 1) * 4)];
    for (const [kind, f] of [[2, Math.tanh], [3, (v: number) => 1 / (1 + Math.exp(-v))]] as const) {
      host.kernels.activate(kind, xs.length + 1, x, out, 0);
      const got = b.readF32(out, xs.length + 1);
      xs.forEach((v, i) => {
        const want = f(fround(v));
        t.true(abs((got[i] as number) - want) <= 4e-7 * abs(want) + 1e-37, `${kind} of ${v}: ${got[i]}, want ${want}`);
      });
      t.true(Number.isNaN(got[xs.length]));
    }
  });
}
