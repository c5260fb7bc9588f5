/** Pseudo-random numbers from a seed: the bytes sha256(seed ‖ u64 i), i = 0, 1, …, read as big-endian words. */
import { readU32be, readU64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";

const TWO64 = 1n << 64n;

export class Drbg {
  readonly #hash: Hash;
  readonly #input: Uint8Array;
  readonly #counter: DataView;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;
  #next = 0n;

  constructor(hash: Hash, seed: Uint8Array) {
    this.#hash = hash;
    this.#input = new Uint8Array(seed.length + 8);
    this.#input.set(seed);
    this.#counter = new DataView(this.#input.buffer, seed.length, 8);
  }

  /** One stream of bytes: a u64 after an odd number of u32 straddles two blocks. */
  #take(n: number): Uint8Array {
    if (this.#at + n <= this.#block.length) {
      this.#at += n;
      return this.#block.subarray(this.#at - n, this.#at);
    }
    const out = new Uint8Array(n);
    let filled = 0;
    while (filled < n) {
      if (this.#at === this.#block.length) {
        this.#counter.setBigUint64(0, this.#next++);
        this.#block = this.#hash.sha256(this.#input);
        this.#at = 0;
      }
      const take = Math.min(n - filled, this.#block.length - this.#at);
      out.set(this.#block.subarray(this.#at, this.#at + take), filled);
      this.#at += take;
      filled += take;
    }
    return out;
  }

  u32(): number {
    return readU32be(this.#take(4));
  }

  u64(): bigint {
    return readU64be(this.#take(8));
  }

  /** Uniform in 0 … k−1; a u64 in the last, incomplete run of k is drawn again. 1 ≤ k ≤ 2^64. */
  below(k: bigint): bigint {
    if (k < 1n || k > TWO64) throw new RangeError(`below(${k}): want 1 … 2^64`);
    const limit = (TWO64 / k) * k;
    for (;;) {
      const v = this.u64();
      if (v < limit) return v % k;
    }
  }
}

/** 0 … n−1 in an order drawn from the seed: for i = n−1 … 1 swap i with below(i+1). */
export function shuffle(hash: Hash, n: number, seed: Uint8Array): number[] {
  const random = new Drbg(hash, seed);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i >= 1; i--) {
    const j = Number(random.below(BigInt(i + 1)));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}
