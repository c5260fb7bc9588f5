import test from "ava";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { Bench, allHosts } from "#engine/testing/hosts.js";
import { type Group, groupsOf } from "#engine/quanta.js";
import { bitsOf, uniform } from "#engine/testing/models.js";
import type { Host } from "#engine/kernels.js";
import { overdriveWords } from "#engine/quanta-table.js";
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

/** One group of n entries side by side. */
const whole = (n: number, levels: number, q = 0.5): Group => ({ runs: [{ offset: 0, size: n }], size: n, levels, q, bound: 4 * levels * q });

function addMap(host: Host, groups: readonly Group[], map: Uint8Array, sign = 1): { refused: boolean; K: Int32Array; w: Float32Array } {
  const b = new Bench(host);
  const n = groups.reduce((sum, g) => sum + g.size, 0);
  const w0 = b.f32(new Float32Array(n).fill(1));
  const [K, w] = [b.room(n * 4), b.room(n * 4)];
  b.arena.f32(w, n).fill(1);
  b.arena.i32(K, n).fill(0);
  const refused = host.kernels.addMap(b.quanta(groups), w0, K, w, sign, b.bytes(map), map.length) !== 0;
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
      const start = host.kernels.quantise(b.quanta([whole(n, given.levels, q)]), n, r, g, 1, Infinity, room, signs, info) >>> 0;
      const [length = 0, overdrive] = b.arena.i32(info, 2);
      t.deepEqual(b.readBits(r, n), out.residual_bits);
      t.is(overdrive, out.overdrive);
      const { K, refused } = addMap(host, [whole(n, given.levels)], b.arena.u8(start, length).slice());
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
      host.kernels.makeWeights(b.quanta([whole(n, 1, floatOf(given.q_bits))]), w0, K, w);
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
      const start = host.kernels.quantise(b.quanta([whole(n, levels, 1)]), n, r, g, 1, Infinity, room, signs, info) >>> 0;
      const bytes = b.arena.u8(start, b.arena.i32(info, 1)[0] as number).slice();
      t.is(Buffer.from(bytes).toString("hex"), out.bytes);
      t.is(createHash("sha256").update(bytes).digest("hex"), out.map_hash);
      for (const sign of [1, -1]) {
        const { refused, K, w } = addMap(host, [whole(n, levels)], bytes, sign);
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
      const { refused, K } = addMap(host, [whole(given.n, given.levels)], Buffer.from(given.bytes, "hex"));
      t.true(refused, given.why);
      t.true(K.every((k) => k === 0), given.why);
    }
  });

  test(`the public vectors of group maps are encoded to the byte and decoded (${host.name})`, (t) => {
    t.true(vectors("group_map").length > 0);
    for (const { in: given, out } of vectors("group_map")) {
      const offsets = given.tensors.map((_: number, i: number) => given.tensors.slice(0, i).reduce((sum: number, size: number) => sum + size, 0));
      const groups = groupsOf(given.groups.map((g: { tensors: number[]; levels: number }) => ({ ...g, quantumLog2: 0, statistics: false })), given.tensors.map((size: number, i: number) => ({ size, offset: offsets[i] })));
      const n = given.k.length;
      const b = new Bench(host);
      const [r, g, room, signs, info] = [b.f32(new Float32Array(n)), b.f32(given.k.map((k: number) => -k)), b.room(n * 5 + 112), b.room(n), b.room(16)];
      const start = host.kernels.quantise(b.quanta(groups), n, r, g, 1, Infinity, room, signs, info) >>> 0;
      const bytes = b.arena.u8(start, b.arena.i32(info, 1)[0] as number).slice();
      t.is(Buffer.from(bytes).toString("hex"), out.bytes);
      t.deepEqual([...addMap(host, groups, bytes).K], given.k);
      for (let cut = 0; cut < bytes.length; cut++) t.true(addMap(host, groups, bytes.slice(0, cut)).refused, `${cut} bytes`);
      t.true(addMap(host, groups, Uint8Array.of(...bytes, 0)).refused, "one byte more");
    }
  });

  test(`quantise is the protocol's rule in any groups, for any numbers (${host.name})`, (t) => {
    const group = fc.record({ log2: fc.integer({ min: -40, max: 0 }), levels: fc.constantFrom(1, 2, 7, 2 ** 20), statistics: fc.boolean() });
    const tensors = fc.array(fc.record({ size: fc.integer({ min: 1, max: 45 }), of: fc.nat(2) }), { minLength: 1, maxLength: 6 });
    let [nulls, clamped, bounded] = [0, 0, 0];
    fc.assert(
      fc.property(fc.tuple(group, group, group), tensors, fc.integer({ min: -30, max: 5 }), fc.nat(), fc.constantFrom(0, 0, 0, 1, 2, 3), (kinds, list, rateLog2, seed, extreme) => {
        const n = list.reduce((sum, x) => sum + x.size, 0);
        let offset = 0;
        const laid = list.map(({ size }) => ({ size, offset: (offset += size) - size }));
        const groups = groupsOf(
          kinds.map(({ log2, levels, statistics }, g) => ({ quantumLog2: log2, levels, statistics, tensors: list.flatMap((x, i) => (x.of === g ? [i] : [])) })).filter((g) => g.tensors.length > 0),
          laid,
        );
        const lr = fround(1.25 * 2 ** rateLog2);
        // The caller clamps before where the kernel may not (exact.ts).
        const most = groups.every((g) => lr * 1024 > 1.01 * (g.q + g.bound)) ? 1024 : Infinity;
        const draw = uniform(2 * n, 1, seed);
        const residual = new Float32Array(n);
        const gradient = new Float32Array(n);
        for (const { runs, q, bound } of groups)
          for (const run of runs)
            for (let i = run.offset; i < run.offset + run.size; i++) {
              residual[i] = fround((draw[i] as number) * (i % 3 === 0 ? bound : q));
              gradient[i] = fround(((draw[n + i] as number) * (i % 5 === 0 ? 3 * bound : 2 * q)) / lr);
              if (Math.abs(gradient[i] as number) > 1e30) gradient[i] = 0;
            }
        if (extreme === 1) gradient[seed % n] = seed % 2 ? Infinity : Number.NaN;
        if (extreme === 2) gradient[seed % n] = -5000;
        if (extreme === 3) gradient[seed % n] = 3e38;
        const b = new Bench(host);
        const [r, g, room, signs, info] = [b.f32(residual), b.f32(gradient), b.room(n * 5 + 112), b.room(n), b.room(16)];
        const table = b.quanta(groups);
        const start = host.kernels.quantise(table, n, r, g, lr, most, room, signs, info) >>> 0;
        if (!gradient.every(Number.isFinite)) {
          nulls++;
          t.is(start, 0);
          t.deepEqual(b.readBits(r, n), [...residual].map(bitsOf));
          return;
        }
        const [K, after] = [new Int32Array(n), new Float32Array(n)];
        const overdrive = groups.map(({ runs, q, levels, bound }) => {
          let over = 0;
          for (const run of runs)
            for (let i = run.offset; i < run.offset + run.size; i++) {
              const x = gradient[i] as number;
              if (abs(x) > most) clamped++;
              const a = fround((residual[i] as number) - fround(lr * Math.max(-most, Math.min(most, x))));
              if (abs(a) > levels * q) over++;
              K[i] = Math.max(-levels, Math.min(levels, Math.trunc(a / q)));
              const left = fround(a - q * (K[i] as number));
              if (abs(left) > bound) bounded++;
              after[i] = Math.max(-bound, Math.min(bound, left));
            }
          return over;
        });
        t.deepEqual(b.readBits(r, n), [...after].map(bitsOf));
        const [length = 0, total] = b.arena.i32(info, 2);
        t.is(total, overdrive.reduce((x, y) => x + y, 0));
        t.deepEqual(overdriveWords(groups).map((word) => b.arena.i32(table + 4 * word, 1)[0]), overdrive);
        t.deepEqual(addMap(host, groups, b.arena.u8(start, length).slice()).K, K);
      }),
      { numRuns: 600, seed: 7 },
    );
    t.true(nulls > 20 && clamped > 20 && bounded > 20, `${nulls} null, ${clamped} clamped, ${bounded} bounded`);
  });

  test(`elements of a gradient are clamped, and one that is not finite is told (${host.name})`, (t) => {
    for (const n of [1, 7, 16, 33, 100]) {
      for (let at = 0; at < n; at++) {
        const values = uniform(n, 1000, at + 1);
        values[at] = at % 2 ? 3e38 : -1024.5;
        const b = new Bench(host);
        const g = b.f32(values);
        t.is(host.kernels.limit(n, g, 1024), 1);
        t.deepEqual(b.readF32(g, n), values.map((v) => Math.max(-1024, Math.min(1024, v))));
        for (const bad of [Number.NaN, Infinity, -Infinity]) {
          b.arena.f32(g, n)[at] = bad;
          t.is(host.kernels.limit(n, g, 1024), 0);
        }
      }
    }
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
