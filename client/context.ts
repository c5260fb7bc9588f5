/** What every command shares: options, connection, account, and how results are printed. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "smol-toml";
import { connectChain, createSender, type RpcChain } from "./chain/index.js";
import { type Sender } from "./chain/types.js";
import { Keyring, type Backend } from "./keys/keyring.js";

/** The options that every command takes, as commander gives them. */
export interface GlobalOptions {
  home?: string;
  node?: string;
  output?: "text" | "json";
  keyringBackend?: Backend;
  allowPrivate?: boolean;
  from?: string;
  gas?: string;
  gasPrices?: string;
}

export class Context {
  readonly home: string;
  readonly node: string;
  readonly json: boolean;
  readonly allowPrivate: boolean;
  readonly keyring: Keyring;

  constructor(readonly options: GlobalOptions) {
    this.home = resolve(options.home ?? process.env.POUWD_HOME ?? join(homedir(), ".pouwd"));
    const file = fileConfig(this.home);
    this.node = options.node ?? process.env.POUWD_NODE ?? file.node ?? "http://127.0.0.1:26657";
    this.json = (options.output ?? process.env.POUWD_OUTPUT ?? "text") === "json";
    this.allowPrivate = options.allowPrivate ?? file.allowPrivate ?? false;
    const backend = options.keyringBackend ?? (process.env.POUWD_KEYRING_BACKEND as Backend | undefined) ?? file.keyringBackend ?? "file";
    this.keyring = new Keyring(this.home, backend);
  }

  chain(signal?: AbortSignal): Promise<RpcChain> {
    return connectChain({ rpc: this.node, patienceMs: 5000, ...(signal ? { signal } : {}) });
  }

  async sender(chain: RpcChain): Promise<Sender> {
    const name = this.options.from ?? process.env.POUWD_FROM;
    if (!name) throw new Error("--from is missing: name the key that signs. `pouwd keys list` shows them.");
    const price = /^([0-9.]+)([a-z][a-z0-9]*)$/.exec(this.options.gasPrices ?? "");
    return createSender({
      chain,
      mnemonic: await this.keyring.mnemonic(name),
      ...(price ? { gasPrice: Number(price[1]), denom: price[2] as string } : {}),
    });
  }

  /** One JSON object on standard output, or lines for a person. */
  print(value: unknown, text: () => string): void {
    console.log(this.json ? JSON.stringify(value, jsonValue, 2) : text());
  }
}

/** 64-bit integers as strings, bytes as base64: the habit of Cosmos JSON. */
export function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}

interface FileConfig {
  node?: string;
  keyringBackend?: Backend;
  allowPrivate?: boolean;
}

function fileConfig(home: string): FileConfig {
  const path = join(home, "config", "client.toml");
  if (!existsSync(path)) return {};
  try {
    const t = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    return {
      ...(typeof t.node === "string" ? { node: t.node } : {}),
      ...(t["keyring-backend"] === "test" || t["keyring-backend"] === "file" ? { keyringBackend: t["keyring-backend"] } : {}),
      ...(typeof t["allow-private"] === "boolean" ? { allowPrivate: t["allow-private"] } : {}),
    };
  } catch (e) {
    throw new Error(`${path}: ${(e as Error).message.split("\n")[0]}`);
  }
}
