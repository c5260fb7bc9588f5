import test from "ava";
import { createEngine } from "#engine/index.js";
import type { Host } from "#engine/kernels.js";
import { buildNative } from "#engine/native/build.js";
import { nativeHost } from "#engine/native/host.js";
import { nativePlace } from "#engine/native/place.js";
import { sameBits } from "#engine/self-test.js";
import { denseTopology, planOf } from "#engine/testing/models.js";
import { wasmHost } from "#engine/wasm/host.js";

const plan = planOf(denseTopology(3, { units: 4, activation: "softmax" }));
const options = { loss: "softmaxCrossEntropy", batchSize: 2 } as const;
const built = buildNative();

test("auto is native where it can be built, and WebAssembly where it cannot", async (t) => {
  const engine = await createEngine(plan, { ...options, host: "auto" });
  t.is(engine.host, "addon" in built ? "native" : "wasm");
  t.is((await createEngine(plan, { ...options, host: "wasm" })).host, "wasm");
  if ("addon" in built) t.is((await createEngine(plan, { ...options, host: "native" })).host, "native");
  else await t.throwsAsync(createEngine(plan, { ...options, host: "native" }), { message: /no native kernels/ });
});

test("the self-test passes equal kernels", async (t) => {
  t.true(await sameBits(wasmHost, wasmHost));
  if ("addon" in built) t.true(await sameBits(wasmHost, async () => nativeHost() as Host));
});

test("every x86-64 level that this machine has gives WebAssembly's bits", async (t) => {
  let level = 0;
  for (let place = nativePlace(level); place && "addon" in built; place = nativePlace(++level)) {
    t.true("addon" in buildNative(place), place.flags.join(" "));
    t.true(await sameBits(wasmHost, async () => nativeHost(place) as Host), place.flags.join(" "));
    t.log(place.flags.at(-1));
  }
  t.true(level > 0 || !("addon" in built));
});

/** A host whose named kernel is spoilt after it has run. */
const spoilt = (change: (host: Host) => Partial<Host["kernels"]>) => async (): Promise<Host> => {
  const host = await wasmHost();
  return { ...host, kernels: { ...host.kernels, ...change(host) } };
};

test("the self-test finds one wrong last bit in a product, another summation order, and a flushed denormal", async (t) => {
  const flip = spoilt(({ kernels, memory }) => ({
    gemm: (...a) => {
      kernels.gemm(...a);
      new Uint32Array(memory.buffer, a[7], 1)[0]! ^= 1;
    },
  }));
  t.false(await sameBits(wasmHost, flip));
  const descending = spoilt(({ memory }) => ({
    columnSums: (M, N, x, out) => {
      const rows = new Float32Array(memory.buffer, x, M * N);
      const sums = new Float32Array(memory.buffer, out, N).fill(0);
      for (let i = M - 1; i >= 0; i--) for (let j = 0; j < N; j++) sums[j]! += rows[i * N + j]!;
    },
  }));
  t.false(await sameBits(wasmHost, descending));
  const flushing = spoilt(({ kernels, memory }) => ({
    gemm: (...a) => {
      kernels.gemm(...a);
      const c = new Float32Array(memory.buffer, a[7], a[0] * a[1]);
      c.forEach((v, i) => {
        if (Math.abs(v) < 1.1754943508222875e-38) c[i] = 0;
      });
    },
  }));
  t.false(await sameBits(wasmHost, flushing));
});
