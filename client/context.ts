/** What every command shares: options, connection, account, and how results are printed. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "smol-toml";
import { engineRpc } from "#platform/engine-rpc.js";
import { connectChain, createSender, type RpcChain } from "./chain/index.js";
import { type Sender } from "./chain/types.js";
import { CliError } from "./cli-error.js";
import { type Backend, BACKENDS, Keyring } from "./keys/keyring.js";
import { chosen, gasOf, gasPriceOf, rpcUrl } from "./option-values.js";

/** The options that every command takes, as commander gives them. */
export interface GlobalOptions {
  home?: string;
  node?: string;
  chainId?: string;
  output?: Output;
  keyringBackend?: Backend;
  allowPrivate?: boolean;
  keyringDir?: string;
  from?: string;
  gas?: string;
  gasPrices?: string;
  feeGranter?: string;
}

export const OUTPUTS = ["text", "json"] as const;
export type Output = (typeof OUTPUTS)[number];

/** How long a node that is not up yet is waited for. */
const PATIENCE_MS = 5000;
/** How long a command tries again when its node goes away, or cannot take its transaction. */
const LOSS_MS = 60_000;
/** How long a block with the transaction is waited for; a chain that makes none would hold the command for ever. */
const INCLUSION_MS = 60_000;
/** After so long a wait its hash is told, by which it can be looked for. */
const QUIET_MS = 5000;

export class Context {
  readonly home: string;
  readonly node: string;
  readonly json: boolean;
  readonly allowPrivate: boolean;
  readonly keyring: Keyring;
  private readonly chainId: string | undefined;

  constructor(readonly options: GlobalOptions) {
    this.home = homeOf(options.home);
    const file = fileConfig(this.home);
    this.node = rpcUrl(options.node ?? process.env.POUWD_NODE ?? file.node ?? nodeOf(this.home) ?? "http://127.0.0.1:26657");
    this.chainId = options.chainId ?? process.env.POUWD_CHAIN_ID ?? file.chainId;
    this.json = (options.output ?? chosen("POUWD_OUTPUT", OUTPUTS) ?? "text") === "json";
    this.allowPrivate = options.allowPrivate ?? file.allowPrivate ?? false;
    this.keyring = new Keyring(resolve(options.keyringDir ?? process.env.POUWD_KEYRING_DIR ?? this.home), options.keyringBackend ?? chosen("POUWD_KEYRING_BACKEND", BACKENDS) ?? file.keyringBackend ?? "file");
  }

  /** `lasting`: a command that stays for hours outlives its node's absence. Throws when the chain is not the one that is meant. */
  async chain({ lasting = false } = {}): Promise<RpcChain> {
    const chain = await connectChain({ rpc: this.node, patienceMs: PATIENCE_MS, ...(lasting ? { onLoss: (e) => console.error(`${e.message} Trying again.`) } : { lossMs: LOSS_MS }) });
    if (this.chainId !== undefined && this.chainId !== chain.chainId) {
      throw new CliError("chain_id", `--chain-id is ${this.chainId}, the node at ${this.node} is of the chain ${chain.chainId}. Give --chain-id ${chain.chainId}, or --node of the chain you mean.`);
    }
    return chain;
  }

  /** The account that signs: `from`, or what --from names, by name or by address. `lasting`: it waits for a block for ever. */
  async sender(chain: RpcChain, { from = this.options.from ?? process.env.POUWD_FROM, lasting = false }: { from?: string | undefined; lasting?: boolean } = {}): Promise<Sender> {
    if (!from) throw new CliError("key", "--from is missing: name the key that signs. `pouwd keys list` shows them.");
    const gas = gasOf(this.options.gas);
    const { feeGranter: granter } = this.options;
    const feeGranter = granter === undefined ? {} : { feeGranter: (await this.keyring.addressOfName(granter, chain.addresses.prefix)) ?? chain.addresses.format(chain.addresses.parse(granter)) };
    let note: NodeJS.Timeout | undefined;
    const onTaken = (hash: string): void => {
      clearTimeout(note);
      note = setTimeout(() => console.error(`the node has taken ${hash}: waiting for a block with it`), QUIET_MS);
    };
    const sender = await createSender({ chain, signer: await this.keyring.wallet(from, chain.addresses.prefix), patienceMs: LOSS_MS, onTaken, ...(lasting ? {} : { inclusionMs: INCLUSION_MS }), ...gasPriceOf(this.options.gasPrices), ...feeGranter });
    return { address: sender.address, send: (messages, o) => sender.send(messages, { ...(gas === undefined ? {} : { gas }), ...o }).finally(() => clearTimeout(note)) };
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

/** The folder of keys and of a validator: what was said, or the default. */
export const homeOf = (given: string | undefined): string => resolve(given ?? process.env.POUWD_HOME ?? join(homedir(), ".pouwd"));

/** RPC address of the node in a home, where there is one. */
function nodeOf(home: string): string | undefined {
  if (!existsSync(join(home, "config", "config.toml"))) return undefined;
  try {
    return engineRpc(home);
  } catch (e) {
    throw new CliError("usage", (e as Error).message);
  }
}

interface FileConfig {
  node?: string;
  chainId?: string;
  keyringBackend?: Backend;
  allowPrivate?: boolean;
}

function fileConfig(home: string): FileConfig {
  const path = join(home, "config", "client.toml");
  if (!existsSync(path)) return {};
  let t: Record<string, unknown>;
  try {
    t = parse(readFileSync(path, "utf8"));
  } catch (e) {
    throw new CliError("usage", `${path}: ${(e as Error).message.split("\n")[0]}. Correct the file.`);
  }
  const backend = t["keyring-backend"];
  if (backend !== undefined && !BACKENDS.includes(backend as Backend)) throw new CliError("usage", `${path}: keyring-backend is ${JSON.stringify(backend)}, want ${BACKENDS.join(" or ")}.`);
  return {
    ...(typeof t.node === "string" ? { node: t.node } : {}),
    ...(typeof t["chain-id"] === "string" && t["chain-id"] ? { chainId: t["chain-id"] } : {}),
    ...(backend !== undefined ? { keyringBackend: backend as Backend } : {}),
    ...(typeof t["allow-private"] === "boolean" ? { allowPrivate: t["allow-private"] } : {}),
  };
}
