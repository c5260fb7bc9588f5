/** CIDv1 (raw, sha2-256, base32 lower case), parsed strictly: a CID is also a file name, so nothing else passes. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const PREFIX = Uint8Array.of(0x01, 0x55, 0x12, 0x20);

/** The digest in a CID, or undefined for anything that is not one in its only accepted spelling. */
export function cidDigest(cid: string): Uint8Array | undefined {
  if (cid.length !== 59 || cid[0] !== "b") return undefined;
  const out = new Uint8Array(36);
  let bits = 0;
  let value = 0;
  let at = 0;
  for (let i = 1; i < cid.length; i++) {
    const v = ALPHABET.indexOf(cid[i] as string);
    if (v < 0) return undefined;
    value = (value << 5) | v;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (value >> bits) & 0xff;
      value &= (1 << bits) - 1;
    }
  }
  if (value !== 0 || PREFIX.some((b, i) => out[i] !== b)) return undefined;
  return out.slice(4);
}
