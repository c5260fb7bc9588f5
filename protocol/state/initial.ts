/** The first weights of a task, drawn from the beacon of the block that began its training. */
import { u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import type { Tensor } from "#engine/topology/index.js";
import { Drbg } from "../draws/drbg.js";
import { f32Bytes } from "../floats.js";
import { H, raw } from "../hash.js";

/** H('pouw/seed/1'; beacon(x), u64 task), x the block whose FinalizeBlock entered Training. */
export const taskSeed = (hash: Hash, beacon: Uint8Array, taskId: bigint): Uint8Array => H(hash, "pouw/seed/1", raw(beacon, 32, "beacon"), u64be(taskId));

/**
 * w0 in layer order from one stream: u = u32 >> 8, v = u·2^-23 − 1, w = fround(v·L), L = fround(√(6/(fan_in+fan_out))).
 * Biases are +0, scales of normalising layers 1; they draw nothing. Every product and quotient is binary64, rounded once.
 */
export function initialWeights(hash: Hash, plan: { tensors: readonly Pick<Tensor, "size" | "initial" | "fanIn" | "fanOut">[] }, seed: Uint8Array): Float32Array {
  const random = new Drbg(hash, seed);
  const w = new Float32Array(plan.tensors.reduce((n, t) => n + t.size, 0));
  let at = 0;
  for (const tensor of plan.tensors) {
    if (tensor.initial === "ones") w.fill(1, at, at + tensor.size);
    // The gates of an LSTM are i, f, c, o: it begins by remembering.
    else if (tensor.initial === "forget") w.fill(1, at + tensor.size / 4, at + tensor.size / 2);
    else if (tensor.initial === "uniform") {
      const limit = Math.fround(Math.sqrt(6 / (tensor.fanIn + tensor.fanOut)));
      for (let i = at; i < at + tensor.size; i++) {
        const v = (random.u32() >>> 8) * 2 ** -23 - 1;
        w[i] = Math.fround(v * limit);
      }
    }
    at += tensor.size;
  }
  return w;
}

/** w0_hash = sha256(w0), little-endian binary32. */
export const initialHash = (hash: Hash, w0: Float32Array): Uint8Array => hash.sha256(f32Bytes(w0));
