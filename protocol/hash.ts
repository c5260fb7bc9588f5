/**
 * The one hash of the protocol: H(tag; x…) = sha256(u8 len(tag) ‖ tag ‖ x…).
 *
 * Digests, salts, keys, addresses and beacon signatures enter raw, integers by u32be / u64be / i64be of the kernel,
 * every other string through `str`.
 */
import { concat, u32be, utf8 } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";

export function H(hash: Hash, tag: string, ...parts: Uint8Array[]): Uint8Array {
  return hash.sha256(concat(prefixOf(tag), ...parts));
}

/** u8 len(tag) ‖ tag, of the few tags that there are. */
const prefixes = new Map<string, Uint8Array>();

function prefixOf(tag: string): Uint8Array {
  let prefix = prefixes.get(tag);
  if (!prefix) {
    const name = utf8(tag);
    if (name.length > 255) throw new RangeError(`hash tag of ${name.length} bytes, want at most 255`);
    prefix = concat(Uint8Array.of(name.length), name);
    prefixes.set(tag, prefix);
  }
  return prefix;
}

/** A string, or bytes of variable length, as it enters a hash: u32 length, then the bytes. */
export function str(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? utf8(value) : value;
  return concat(u32be(bytes.length), bytes);
}

/** The digest before anything: 32 zeros. */
export const ZERO_DIGEST: Uint8Array = new Uint8Array(32);

/** H('pouw/test-key/1'; key): what a task's test set names its key by. */
export const testKeyHash = (hash: Hash, key: Uint8Array): Uint8Array => H(hash, "pouw/test-key/1", raw(key, 32, "test key"));

/** Guards a field that enters a hash without a length: another length would let two inputs give one hash. */
export function raw(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${what}: got ${bytes.length} bytes, want ${length}`);
  return bytes;
}
