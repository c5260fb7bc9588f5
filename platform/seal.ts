/**
 * The sealed test set (protocol section 12): 12-byte nonce ‖ AES-256-GCM ciphertext ‖ 16-byte tag, with the manifest's
 * CID as associated data.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const NONCE = 12;
const TAG = 16;

/** Seals under a fresh key. A key seals once: nonce and key are drawn together. */
export function sealTestSet(plaintext: Uint8Array, manifestCid: string): { sealed: Uint8Array; key: Uint8Array } {
  const key = randomBytes(32);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(manifestCid, "utf8"));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { sealed: new Uint8Array(Buffer.concat([nonce, body, cipher.getAuthTag()])), key: new Uint8Array(key) };
}

/** Throws when the key, the manifest's CID or a byte of the sealed set is not the one that was sealed. */
export function openTestSet(sealed: Uint8Array, key: Uint8Array, manifestCid: string): Uint8Array {
  if (key.length !== 32) throw new Error(`test set key: got ${key.length} bytes, want 32`);
  if (sealed.length < NONCE + TAG) throw new Error(`sealed test set: got ${sealed.length} bytes, want at least ${NONCE + TAG}`);
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE));
  decipher.setAAD(Buffer.from(manifestCid, "utf8"));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  const body = decipher.update(sealed.subarray(NONCE, sealed.length - TAG));
  return new Uint8Array(Buffer.concat([body, decipher.final()]));
}
