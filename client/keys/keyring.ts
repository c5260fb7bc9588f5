/**
 * Keys in a home: `file` keeps mnemonics encrypted by a passphrase (scrypt, AES-256-GCM), `test` in the clear for
 * networks whose money is worth nothing. Files are 0600.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Bip39 } from "@cosmjs/crypto";
import { type DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { addressPrefix } from "#kernel/address.js";
import { writePrivate } from "#platform/keys.js";
import { walletOf } from "../chain/wallet.js";
import { askPassphrase } from "./passphrase.js";

export type Backend = "file" | "test";

interface Sealed {
  salt: string;
  nonce: string;
  tag: string;
  data: string;
}
type Stored = { mnemonic: string } | Sealed;

const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export class Keyring {
  private readonly folder: string;
  constructor(
    home: string,
    readonly backend: Backend,
  ) {
    this.folder = join(home, `keyring-${backend}`);
  }

  names(): string[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder)
      .filter((f) => f.endsWith(".json"))
      .map((f) => f.slice(0, -5))
      .sort();
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** Throws when the name is taken or wrong. */
  async add(name: string, mnemonic: string): Promise<string> {
    if (this.has(name)) throw new Error(`there is a key ${name} already. Delete it first, or take another name.`);
    const address = await addressOf(mnemonic);
    const stored: Stored = this.backend === "test" ? { mnemonic } : seal(mnemonic, await askPassphrase(true));
    writePrivate(this.path(name), `${JSON.stringify(stored)}\n`);
    return address;
  }

  async mnemonic(name: string): Promise<string> {
    const path = this.path(name);
    if (!existsSync(path)) {
      const others = this.names();
      throw new Error(`there is no key ${name} in ${this.folder}. ${others.length > 0 ? `There are: ${others.join(", ")}.` : "Add one: pouwd keys add NAME"}`);
    }
    const stored = JSON.parse(readFileSync(path, "utf8")) as Stored;
    return "mnemonic" in stored ? stored.mnemonic : open(stored, await askPassphrase(false));
  }

  async address(name: string): Promise<string> {
    return addressOf(await this.mnemonic(name));
  }

  delete(name: string): void {
    if (!this.has(name)) throw new Error(`there is no key ${name} in ${this.folder}`);
    rmSync(this.path(name));
  }

  private path(name: string): string {
    if (!NAME.test(name)) throw new Error(`key name ${JSON.stringify(name)}: want letters, digits, - and _, at most 64`);
    return join(this.folder, `${name}.json`);
  }
}

export async function addressOf(mnemonic: string): Promise<string> {
  let wallet: DirectSecp256k1Wallet;
  try {
    wallet = await walletOf(mnemonic.trim(), addressPrefix());
  } catch (e) {
    throw new Error(`not a mnemonic: ${(e as Error).message}`);
  }
  const [account] = await wallet.getAccounts();
  if (!account) throw new Error("the mnemonic gives no account");
  return account.address;
}

/** 24 words. */
export const newMnemonic = (): string => Bip39.encode(randomBytes(32)).toString();

function seal(text: string, passphrase: string): Sealed {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase, salt, 32, SCRYPT), nonce);
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return { salt: salt.toString("base64"), nonce: nonce.toString("base64"), tag: cipher.getAuthTag().toString("base64"), data: data.toString("base64") };
}

function open(s: Sealed, passphrase: string): string {
  const bytes = (t: string) => Buffer.from(t, "base64");
  const decipher = createDecipheriv("aes-256-gcm", scryptSync(passphrase, bytes(s.salt), 32, SCRYPT), bytes(s.nonce));
  decipher.setAuthTag(bytes(s.tag));
  try {
    return Buffer.concat([decipher.update(bytes(s.data)), decipher.final()]).toString("utf8");
  } catch {
    throw new Error("the passphrase is wrong");
  }
}
