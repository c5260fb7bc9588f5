/** Keys of the store `beacon`. */
import { u64be, utf8 } from "#kernel/bytes.js";
import { collection } from "#kernel/store.js";

export const STORE = "beacon";
const bytes = { encode: (v: Uint8Array) => v, decode: (v: Uint8Array) => v };
const u64 = { encode: (v: bigint) => u64be(v), decode: (b: Uint8Array) => new DataView(b.buffer, b.byteOffset, 8).getBigUint64(0) };

/** 1: height → beacon(height), 32 bytes */
export const values = collection<[height: bigint], Uint8Array>(STORE, 1, (_, height) => u64be(height), bytes);
/** 2: → height of the newest value */
export const newest = collection<[], bigint>(STORE, 2, () => new Uint8Array(0), u64);
/** 3: operator → proof of possession of its registered, not yet effective key */
export const proofs = collection<[operator: string], Uint8Array>(STORE, 3, (_, operator) => utf8(operator), bytes);
