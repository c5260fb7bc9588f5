/**
 * Keys in a home: `file` keeps them encrypted by a passphrase (seal.ts), `test` in the clear for networks whose money is
 * worth nothing. Files are 0600. The address stands beside the secret, so that listing asks for no passphrase.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fromBech32 } from "@cosmjs/encoding";
import { type DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { DEFAULT_PREFIX, toBech32 } from "#kernel/address.js";
import { writePrivate } from "#platform/keys.js";
import { CliError } from "../cli-error.js";
import { askPassphrase } from "./passphrase.js";
import { seal, type Sealed, unseal } from "./seal.js";
import { addressOf, mnemonicFrom, type Secret, walletFor } from "./secret.js";

export const BACKENDS = ["file", "test"] as const;
export type Backend = (typeof BACKENDS)[number];

/** `address` is absent in files of earlier versions. */
type Stored = (Secret | Sealed) & { readonly address?: string };

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const PREFIXED = /^[a-z]+1[02-9ac-hj-np-z]{38,}$/;

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

  /** Whether a text is a key's name here; one that cannot be a name is none. */
  knows(text: string): boolean {
    return NAME.test(text) && this.has(text);
  }

  /** Throws when the name is taken or wrong. A string is a mnemonic. Answers the address. */
  async add(name: string, given: Secret | string, prefix = DEFAULT_PREFIX): Promise<string> {
    if (this.has(name)) throw new CliError("key", `there is a key ${name} already. Take another name, or delete it first: pouwd keys delete ${name}.`);
    const secret = typeof given === "string" ? mnemonicFrom(given) : given;
    const address = await addressOf(secret, prefix);
    const stored: Stored = { ...(this.backend === "test" ? secret : seal(JSON.stringify(secret), await askPassphrase(true))), address };
    writePrivate(this.path(name), `${JSON.stringify(stored)}\n`);
    return address;
  }

  /** Of a key by its name or by its address. */
  async wallet(nameOrAddress: string, prefix: string): Promise<DirectSecp256k1Wallet> {
    return walletFor(await this.secret(await this.find(nameOrAddress, prefix)), prefix);
  }

  async secret(name: string): Promise<Secret> {
    const stored = this.stored(name);
    if ("mnemonic" in stored || "privateKey" in stored) return stored;
    const text = unseal(stored, await askPassphrase(false));
    if (text === undefined) throw new CliError("key", `the passphrase of the key ${name} is another one. Try again${process.env.POUWD_PASSPHRASE === undefined ? "" : ": POUWD_PASSPHRASE was used"}.`);
    // files of earlier versions hold the bare words
    return text.startsWith("{") ? (JSON.parse(text) as Secret) : { mnemonic: text };
  }

  async address(name: string, prefix = DEFAULT_PREFIX): Promise<string> {
    const { address } = this.stored(name);
    // the prefix is the chain's, which may have been another one when the key was made
    return address === undefined ? addressOf(await this.secret(name), prefix) : toBech32(prefix, fromBech32(address).data);
  }

  /** Of the key of this name; undefined for what can be an address. Throws where only a name can have been meant. */
  async addressOfName(text: string, prefix: string): Promise<string | undefined> {
    if (this.knows(text)) return this.address(text, prefix);
    if (!NAME.test(text) || PREFIXED.test(text) || text.startsWith(`${prefix}1`)) return undefined;
    const names = this.names();
    throw new CliError("key", `no key ${text} here; ${names.length > 0 ? `there are ${names.join(", ")}` : "there are none (pouwd keys add NAME)"}. Give the name of one, or an address.`);
  }

  /** The name of a key, given that or its address. */
  private async find(nameOrAddress: string, prefix: string): Promise<string> {
    if (!PREFIXED.test(nameOrAddress)) return nameOrAddress;
    for (const name of this.names()) if ((await this.address(name, prefix)) === nameOrAddress) return name;
    throw new CliError("key", `no key in ${this.folder} has the address ${nameOrAddress}. ${this.others()}`);
  }

  delete(name: string): void {
    if (!this.has(name)) throw this.unknown(name);
    rmSync(this.path(name));
  }

  private stored(name: string): Stored {
    if (!this.has(name)) throw this.unknown(name);
    try {
      return JSON.parse(readFileSync(this.path(name), "utf8")) as Stored;
    } catch {
      throw new CliError("key", `${this.path(name)} is damaged. Delete it and take the key over again from its mnemonic: pouwd keys add ${name} --recover.`);
    }
  }

  private unknown(name: string): CliError {
    return new CliError("key", `there is no key ${name} in ${this.folder}. ${this.others()}`);
  }

  private others(): string {
    const names = this.names();
    return names.length > 0 ? `There are: ${names.join(", ")}.` : "Add one: pouwd keys add NAME.";
  }

  private path(name: string): string {
    if (!NAME.test(name)) throw new CliError("key", `key name ${JSON.stringify(name)}: want letters, digits, - and _, at most 64.`);
    return join(this.folder, `${name}.json`);
  }
}
