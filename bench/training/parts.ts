/** Where a miner's time goes: engine, hashes and copies with a clock around each of them. */
import { ExactEngine } from "#engine/exact.js";
import { type Kernels } from "#engine/kernels.js";
import { nativeHost } from "#engine/native/host.js";
import { type Engine } from "#engine/types.js";
import { wasmHost } from "#engine/wasm/host.js";
import { type Hash } from "#kernel/crypto.js";
import { nodeCrypto } from "#platform/crypto.js";
import { engineOptionsOf } from "#protocol/tasks/engine-options.js";
import { median } from "../measure.js";
import { engineOf } from "./recording.js";
import { type BenchTask } from "./tasks.js";

/** Milliseconds. `sign`, `log` and `peerChecks` are the main thread's in a miner, the others the compute thread's. */
export type Parts = Record<
  | "gradient" // forward, loss, backward; the batch's way into the engine with them
  | "encode" // residual, sparsify, encode: one kernel
  | "copies" // map and residual out of the engine, maps into it, messages between threads
  | "hash" // sha256 of an own iteration
  | "header" // the rest of an own iteration: clock, trees, protobuf
  | "ownMap" // added to the model
  | "peerMaps" // peers' messages entered, their maps added
  | "sign"
  | "log"
  | "peerChecks"
  | "total",
  number
>;

export const noParts = (): Parts => ({ gradient: 0, encode: 0, copies: 0, hash: 0, header: 0, ownMap: 0, peerMaps: 0, sign: 0, log: 0, peerChecks: 0, total: 0 });

export const COMPUTE_THREAD = ["gradient", "encode", "copies", "hash", "header", "ownMap", "peerMaps"] as const satisfies readonly (keyof Parts)[];

const names = Object.keys(noParts()) as (keyof Parts)[];

export const difference = (a: Parts, b: Parts): Parts => Object.fromEntries(names.map((n) => [n, a[n] - b[n]])) as Parts;

/**
 * The usual iteration of several runs of the same: every iteration's median over the runs, then the mean of all iterations.
 * What a machine does besides falls on some runs of an iteration; a residual is hashed in all runs of the same ones.
 */
export const usual = (runs: readonly (readonly Parts[])[]): Parts =>
  Object.fromEntries(names.map((n) => {
    const medians = (runs[0] as readonly Parts[]).map((_, i) => median(runs.map((run) => (run[i] as Parts)[n])));
    return [n, medians.reduce((a, b) => a + b, 0) / medians.length];
  })) as Parts;

export const computeThread = (p: Parts): number => COMPUTE_THREAD.reduce((sum, name) => sum + p[name], 0);

/** An engine whose kernels are the machine's own, one of them replaced. */
export async function engineWith(bench: BenchTask, replace: (kernels: Kernels) => Partial<Kernels>): Promise<ExactEngine> {
  const host = (await engineOf(bench)).host === "native" ? nativeHost() : await wasmHost();
  if (!host) throw new Error("bench: the native kernels are gone");
  const { plan, spec } = bench;
  return new ExactEngine(plan, engineOptionsOf(spec), { ...host, kernels: { ...host.kernels, ...replace(host.kernels) } });
}

export interface Clocked {
  readonly engine: Engine;
  readonly hash: Hash;
  /** an own iteration is being made: its hashes count */
  own: boolean;
  /** the last of those, as it comes back to be added */
  ownMap?: Uint8Array;
}

/** An engine and a hash that add what they take to `parts`. */
export async function clocked(bench: BenchTask, parts: Parts): Promise<Clocked> {
  const now = () => performance.now();
  let kernelEnd = 0;
  let kernelTime = 0;
  const around =
    <A extends unknown[], R>(kernel: (...args: A) => R): ((...args: A) => R) =>
    (...args) => {
      const start = now();
      const result = kernel(...args);
      kernelEnd = now();
      kernelTime = kernelEnd - start;
      return result;
    };
  const engine = await engineWith(bench, ({ quantise, addMap }) => ({ quantise: around(quantise), addMap: around(addMap) }));
  const { step, addMap, residual } = engine;
  let copyingSince: number | undefined;
  const c: Clocked = {
    engine,
    own: false,
    hash: {
      sha256: (bytes) => {
        if (!c.own) return nodeCrypto.sha256(bytes);
        const start = now();
        if (copyingSince !== undefined) parts.copies += start - copyingSince;
        copyingSince = undefined;
        const digest = nodeCrypto.sha256(bytes);
        parts.hash += now() - start;
        return digest;
      },
    },
  };
  engine.step = (...args) => {
    const start = now();
    kernelTime = 0;
    kernelEnd = 0;
    const result = step.apply(engine, args);
    const end = now();
    const copied = kernelEnd ? end - kernelEnd : 0; // a null iteration may end before the kernel
    parts.encode += kernelTime;
    parts.copies += copied;
    parts.gradient += end - start - kernelTime - copied;
    return result;
  };
  engine.addMap = (...args) => {
    const start = now();
    addMap.apply(engine, args);
    parts.copies += now() - start - kernelTime;
    parts[args[0] === c.ownMap ? "ownMap" : "peerMaps"] += kernelTime;
  };
  // The residual that a header hashes is copied between its being asked for and the next hash.
  engine.residual = (slot) => {
    const view = residual.call(engine, slot);
    if (c.own) copyingSince = now();
    return view;
  };
  return c;
}
