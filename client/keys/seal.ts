/** A secret encrypted by a passphrase: scrypt, then AES-256-GCM. */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";

/** base64 */
export interface Sealed {
  readonly salt: string;
  readonly nonce: string;
  readonly tag: string;
  readonly data: string;
}

const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export function seal(text: string, passphrase: string): Sealed {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase, salt, 32, SCRYPT), nonce);
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return { salt: salt.toString("base64"), nonce: nonce.toString("base64"), tag: cipher.getAuthTag().toString("base64"), data: data.toString("base64") };
}

/** Undefined when the passphrase is another one. */
export function unseal(s: Sealed, passphrase: string): string | undefined {
  const bytes = (t: string) => Buffer.from(t, "base64");
  const decipher = createDecipheriv("aes-256-gcm", scryptSync(passphrase, bytes(s.salt), 32, SCRYPT), bytes(s.nonce));
  decipher.setAuthTag(bytes(s.tag));
  try {
    return Buffer.concat([decipher.update(bytes(s.data)), decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}
