/** Content identifiers: CIDv1, codec raw, sha2-256, written in base32 (multibase b). */
import { concat } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";

const PREFIX = Uint8Array.of(0x01, 0x55, 0x12, 0x20);
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
/** "b" and 36 bytes in base32 without padding. */
const LENGTH = 59;

export const cidOf = (hash: Hash, bytes: Uint8Array): string => cidOfDigest(hash.sha256(bytes));

export function cidOfDigest(digest: Uint8Array): string {
  let text = "b";
  let buffer = 0;
  let bits = 0;
  for (const byte of concat(PREFIX, digest)) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
  }
  if (bits > 0) text += ALPHABET[(buffer << (5 - bits)) & 31];
  return text;
}

/** The 32-byte digest. Throws, with what was wrong, on every string that cidOf would not write. */
export function parseCid(cid: string): Uint8Array {
  const shown = JSON.stringify(cid.slice(0, 80));
  if (cid.length !== LENGTH || cid[0] !== "b") throw new RangeError(`CID ${shown}: want ${LENGTH} characters of base32, beginning with b`);
  const bytes = new Uint8Array(36);
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (let i = 1; i < cid.length; i++) {
    const value = ALPHABET.indexOf(cid[i] as string);
    if (value < 0) throw new RangeError(`CID ${shown}: ${JSON.stringify(cid[i])} is not base32`);
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 0xff;
    }
  }
  if ((buffer & ((1 << bits) - 1)) !== 0) throw new RangeError(`CID ${shown}: padding bits set`);
  if (!PREFIX.every((b, i) => bytes[i] === b)) throw new RangeError(`CID ${shown}: want CIDv1, raw, sha2-256`);
  return bytes.slice(4);
}

export function isCid(cid: string): boolean {
  try {
    parseCid(cid);
    return true;
  } catch {
    return false;
  }
}
