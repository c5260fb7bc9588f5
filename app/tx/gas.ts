/** Gas: a meter with the Cosmos SDK's own costs of store access, and the store view that charges them. */
import { sdk } from "#kernel/errors.js";
import { type GasMeter } from "#kernel/context.js";
import { type KVStore } from "#kernel/store.js";

const READ_FLAT = 1000n;
const READ_BYTE = 3n;
const WRITE_FLAT = 2000n;
const WRITE_BYTE = 30n;
const DELETE = 1000n;
const HAS = 1000n;
const ITER_NEXT = 30n;

export class Meter implements GasMeter {
  #used = 0n;
  constructor(readonly limit: bigint) {}
  get used(): bigint {
    return this.#used;
  }
  consume(amount: bigint, location: string): void {
    this.#used += amount;
    if (this.#used > this.limit) throw sdk.outOfGas(`out of gas in location: ${location}; gasWanted: ${this.limit}, gasUsed: ${this.#used}`);
  }
}

/** Counts and never refuses: begin and end block, genesis, queries. */
export const freeMeter = (): Meter => new Meter((1n << 63n) - 1n);

export function gasStore(inner: KVStore, gas: GasMeter): KVStore {
  const walk = function* (entries: Iterable<[Uint8Array, Uint8Array]>): Iterable<[Uint8Array, Uint8Array]> {
    for (const [k, v] of entries) {
      gas.consume(READ_BYTE * BigInt(k.length + v.length), "ValuePerByte");
      gas.consume(ITER_NEXT, "IterNextFlat");
      yield [k, v];
    }
  };
  return {
    get(key) {
      gas.consume(READ_FLAT, "ReadFlat");
      const value = inner.get(key);
      gas.consume(READ_BYTE * BigInt(key.length + (value?.length ?? 0)), "ReadPerByte");
      return value;
    },
    has(key) {
      gas.consume(HAS, "Has");
      return inner.has(key);
    },
    set(key, value) {
      gas.consume(WRITE_FLAT, "WriteFlat");
      gas.consume(WRITE_BYTE * BigInt(key.length + value.length), "WritePerByte");
      inner.set(key, value);
    },
    delete(key) {
      gas.consume(DELETE, "Delete");
      inner.delete(key);
    },
    iterate: (start, end) => walk(inner.iterate(start, end)),
    reverse: (start, end) => walk(inner.reverse(start, end)),
  };
}
