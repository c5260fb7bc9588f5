/** Keys on disk: session keys (ed25519, one per worker and task) and the mnemonic of an account. Files are 0600 and never logged. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { closeSync, constants, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

export interface SessionKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

const fromPrivate = (key: KeyObject): SessionKey => {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return { publicKey: new Uint8Array(spki.subarray(spki.length - 32)), sign: (message) => new Uint8Array(sign(null, message, key)) };
};

/** Writes a file that only its owner reads, atomically and durably: a temporary file, fsync, rename, fsync of the folder. */
export function writePrivate(path: string, data: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const fd = openSync(temporary, constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  try {
    writeSync(fd, typeof data === "string" ? Buffer.from(data) : data);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), constants.O_RDONLY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The session key of a task: read from home, or made and on disk before this returns. */
export function sessionKey(home: string, taskId: bigint): SessionKey {
  const path = join(home, "session", `${taskId}.pem`);
  let pem: string | undefined;
  try {
    pem = readFileSync(path, "utf8");
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== "ENOENT") throw e;
  }
  if (pem !== undefined) return fromPrivate(createPrivateKey(pem));
  const { privateKey } = generateKeyPairSync("ed25519");
  writePrivate(path, privateKey.export({ format: "pem", type: "pkcs8" }) as string);
  return fromPrivate(privateKey);
}

/** A session key from a 32-byte seed, for tests. */
export function sessionKeyFromSeed(seed: Uint8Array): SessionKey {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return fromPrivate(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

/** The mnemonic in a key file: refuses one that others may read. */
export function readMnemonic(path: string): string {
  const mode = statSync(path).mode & 0o777;
  if (mode & 0o077) throw new Error(`key file ${path} has mode ${mode.toString(8)}, want 600: run chmod 600 ${path}`);
  const words = readFileSync(path, "utf8").trim();
  if (![12, 15, 18, 21, 24].includes(words.split(/\s+/).length)) throw new Error(`key file ${path} does not hold a mnemonic of 12 to 24 words`);
  return words;
}
