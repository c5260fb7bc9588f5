import test from "ava";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createEngine } from "#engine/index.js";
import { parseTopology } from "#engine/topology/index.js";

const sequential = (inputs: number, ...layers: object[]) =>
  JSON.stringify({ class_name: "Sequential", config: { layers: layers.map((config, i) => ({ class_name: "Dense", config: { name: `d${i}`, ...(i === 0 ? { batch_input_shape: [null, inputs] } : {}), ...config } })) } });
const planOf = (json: string) => parseTopology(json, { maxParameters: 1 << 24 });
const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0] as number;
const sha = (...arrays: ArrayBufferView[]) => {
  const h = createHash("sha256");
  for (const a of arrays) h.update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength));
  return h.digest("hex");
};

/** Integers only, so that the stream is the same everywhere. */
function stream(seed: number): () => number {
  let s = seed >>> 0 || 1;
  return () => {
    s ^= s << 13;
    s >>>= 0;
    s ^= s >>> 17;
    s ^= s << 5;
    s >>>= 0;
    return ((s >>> 8) / (1 << 23)) - 1;
  };
}
const uniform = (n: number, limit: number, seed: number) => {
  const next = stream(seed);
  return Float32Array.from({ length: n }, () => next() * limit);
};

const digits = readFileSync(new URL("../data/digits.csv", import.meta.url), "utf8").trim().split("\n").map((l) => l.split(",").map(Number));

for (const host of ["wasm", "auto"] as const) {
  test(`the real digits are learnt to 0.96 and better (host ${host})`, async (t) => {
    const plan = planOf(sequential(64, { units: 64, activation: "relu" }, { units: 32, activation: "relu" }, { units: 10, activation: "softmax" }));
    const B = 20;
    const engine = await createEngine(plan, { loss: "softmaxCrossEntropy", batchSize: B, host });
    const w0 = new Float32Array(plan.parameters);
    for (const x of plan.tensors) if (x.kind === "kernel") w0.set(uniform(x.size, Math.sqrt(6 / (x.fanIn + x.fanOut)), x.offset + 1), x.offset);
    engine.setInitial(w0);
    engine.setQuantum(-8);
    const rowOf = (i: number) => digits[(i * 1009) % digits.length] as number[];
    const batch = (rows: number[][]) => ({ x: Float32Array.from(rows.flatMap((r) => r.slice(0, 64).map((v) => v / 16))), y: Int32Array.from(rows.map((r) => r[64] as number)) });
    const training = 1400;
    for (let epoch = 0; epoch < 20; epoch++) {
      for (let b = 0; b < training / B; b++) {
        const result = engine.step(batch(Array.from({ length: B }, (_, i) => rowOf(((b * B + i) * 37 + epoch * 11) % training))), 0, { lrBits: bitsOf(0.1), quantumLog2: -8, levels: 1 });
        t.false(result.isNull);
        engine.addMap(result.map, 1, 1);
      }
    }
    let right = 0;
    for (let i = training; i < digits.length; i += B) {
      const rows = Array.from({ length: Math.min(B, digits.length - i) }, (_, j) => rowOf(i + j));
      right += engine.evaluate(batch(rows), rows.length).correct;
    }
    t.true(right / (digits.length - training) >= 0.96, `accuracy ${right / (digits.length - training)}`);
    t.log(`accuracy ${right / (digits.length - training)}, ${sha(engine.K, engine.weights(), engine.residual(0)).slice(0, 16)}`);
  });
}
