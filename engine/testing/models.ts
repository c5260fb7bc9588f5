/** Small models and repeatable numbers for the tests and benchmarks of the engine. */
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";

export * from "#engine/topologies.js";

export function planOf(topology: string): ModelPlan {
  return parseTopology(topology, { maxParameters: 1 << 24 });
}

/** Numbers in -limit … limit from 32-bit integers and one exact division, so the same everywhere. */
export function uniform(n: number, limit: number, seed: number): Float32Array {
  let s = seed >>> 0 || 1;
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    s ^= s << 13;
    s >>>= 0;
    s ^= s >>> 17;
    s ^= s << 5;
    s >>>= 0;
    values[i] = ((s >>> 8) / (1 << 23) - 1) * limit;
  }
  return values;
}

export function firstWeights(plan: ModelPlan, seed: number): Float32Array {
  const w0 = new Float32Array(plan.parameters);
  for (const x of plan.tensors) if (x.initial === "ones") w0.fill(1, x.offset, x.offset + x.size);
  for (const x of plan.tensors) if (x.initial === "uniform") w0.set(uniform(x.size, Math.fround(Math.sqrt(6 / (x.fanIn + x.fanOut))), seed + x.offset), x.offset);
  return w0;
}

export function classes(n: number, count: number, seed: number): Int32Array {
  return Int32Array.from(uniform(n, 1, seed), (v) => Math.min(count - 1, Math.floor(((v + 1) / 2) * count)));
}

export function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}
