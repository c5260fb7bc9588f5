/** `pouwd init`, `pouwd start` and `pouwd export`: a validator's home, its processes as one unit, and its state as a genesis. */
import { spawn } from "node:child_process";
import { existsSync, copyFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { DEFAULT_PREFIX, isAddressPrefix } from "#kernel/address.js";
import { isDenom } from "#kernel/coins.js";
import { entry } from "#platform/entry.js";
import { CliError } from "../cli-error.js";
import { homeOf } from "../context.js";
import { blockHeight } from "./options.js";

const port = (text: string): number => {
  const n = Number(text);
  if (!/^\d{1,5}$/.test(text) || n < 1 || n > 65535) throw new InvalidArgumentError("want a port from 1 to 65535");
  return n;
};

/** Runs an entry point whose output and exit code are this command's own. */
async function become(path: string, args: readonly string[]): Promise<never> {
  const { command, args: argv } = entry(path, ...args);
  const child = spawn(command, argv, { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("exit", resolve));
  process.exit(code ?? 1);
}

const HOME = "default: POUWD_HOME, or ~/.pouwd";
const DEFAULT_DENOM = "upouw";
const CHAIN_ID = /^[a-zA-Z][a-zA-Z0-9-]{2,47}$/;

interface InitOptions {
  home?: string;
  moniker?: string;
  genesis?: string;
  chainId?: string;
  prefix?: string;
  denom?: string;
  rpcPort: number;
  p2pPort: number;
  p2pHost: string;
  verifier: string;
  peers: string;
  allowPrivate?: boolean;
  rest?: string;
  grpc?: string;
  invariants?: boolean;
}

function findEngine(given: string | undefined): string {
  const named = given ?? process.env.COMETBFT;
  if (named) {
    if (existsSync(named)) return resolve(named);
    throw new Error(`there is no CometBFT at ${named}. scripts/get-cometbft prints the path of one`);
  }
  const found = (process.env.PATH ?? "").split(delimiter).map((dir) => join(dir, "cometbft")).find((p) => existsSync(p));
  if (!found) throw new Error("CometBFT was not found: give --cometbft, or set COMETBFT to what scripts/get-cometbft prints");
  return found;
}

/** Throws one line where a file cannot be a chain's genesis; `pouwd genesis validate` tries it as a whole. */
async function checkGenesis(path: string): Promise<void> {
  const { readGenesis } = await import("#app/genesis/document.js");
  const { chain_id: id, app_state: state } = readGenesis(path);
  if (typeof id !== "string" || typeof state !== "object" || state === null) throw new CliError("usage", `${path} is no genesis: want a JSON object with chain_id and app_state.`);
}

export function addNode(program: Command): void {
  program
    .command("init")
    .description("write a validator's keys and configuration, and print its public keys")
    .argument("[moniker]", "its name to others")
    .option("--home <dir>", `folder of the validator; must not hold one yet; ${HOME}`)
    .option("--moniker <name>", "its name to others; default: validator")
    .option("--genesis <file>", "the chain's genesis, copied into the home")
    .option("--chain-id <id>", "begin a new chain: write its genesis, which has no accounts and no validators yet")
    .option("--prefix <prefix>", `of the new chain's addresses, with --chain-id; default: ${DEFAULT_PREFIX}`)
    .option("--denom <denom>", `base denomination of the new chain, with --chain-id; default: ${DEFAULT_DENOM}`)
    .option("--rpc-port <port>", "port of the RPC server", port, 26657)
    .option("--p2p-port <port>", "port for other nodes", port, 26656)
    .option("--p2p-host <address>", "address for other nodes, such as 0.0.0.0: from everywhere", "127.0.0.1")
    .option("--verifier <host:port>", "address of the verifier's service; empty: none", "127.0.0.1:26659")
    .option("--peers <list>", "id@host:port of other nodes, comma-separated", "")
    .option("--rest <host:port>", "address of a REST server, such as 127.0.0.1:1317; default: none")
    .option("--grpc <host:port>", "address of a gRPC server for queries, such as 127.0.0.1:9090; default: none")
    .option("--invariants", "anybody may ask for the invariants, for which all of the state is walked (test networks)")
    .option("--allow-private", "the verifier dials loopback and private addresses (test networks)")
    .action(async (name: string | undefined, o: InitOptions) => {
      const home = homeOf(o.home);
      const moniker = name ?? o.moniker ?? "validator";
      if (o.genesis && o.chainId !== undefined) throw new CliError("usage", "--genesis is of a chain that is there, --chain-id begins another: give one of the two.");
      if (o.chainId !== undefined && !CHAIN_ID.test(o.chainId)) throw new CliError("usage", `--chain-id is ${JSON.stringify(o.chainId)}, want 3 to 48 letters, digits and dashes.`);
      const other = o.chainId !== undefined ? undefined : o.prefix !== undefined ? "--prefix" : o.denom !== undefined ? "--denom" : undefined;
      if (other) throw new CliError("usage", `${other} belongs to a new chain: give --chain-id too, or leave it out.`);
      if (o.rpcPort === o.p2pPort) throw new CliError("usage", `--rpc-port and --p2p-port are both ${o.rpcPort}: give two that differ.`);
      const { prefix = DEFAULT_PREFIX, denom = DEFAULT_DENOM } = o;
      if (!isAddressPrefix(prefix)) throw new CliError("usage", `--prefix is ${JSON.stringify(prefix)}, want 1 to 16 of a–z and 0–9, a letter first.`);
      if (!isDenom(denom)) throw new CliError("usage", `--denom is ${JSON.stringify(denom)}, want a denomination such as upouw.`);
      if (existsSync(join(home, "config", "priv_validator_key.json"))) throw new Error(`${home} holds a validator already: nothing was written`);
      if (o.genesis && !existsSync(o.genesis)) throw new Error(`--genesis ${o.genesis}: there is no such file`);
      if (o.genesis) await checkGenesis(o.genesis);
      const { initHome } = await import("#app/init.js");
      const facts = initHome({
        home,
        moniker,
        rpcPort: o.rpcPort,
        p2pPort: o.p2pPort,
        p2pHost: o.p2pHost,
        verifierAddress: o.verifier,
        verifierAllowPrivate: o.allowPrivate ?? false,
        persistentPeers: o.peers,
        restAddress: o.rest,
        grpcAddress: o.grpc,
        invariants: o.invariants,
        blockTimeMs: 1000,
      });
      const genesis = join(home, "config", "genesis.json");
      if (o.genesis) copyFileSync(o.genesis, genesis);
      if (o.chainId !== undefined) {
        const { newGenesis, writeGenesis } = await import("#app/genesis/document.js");
        writeGenesis(genesis, newGenesis({ chainId: o.chainId, genesisTime: new Date().toISOString(), prefix, denom }));
      }
      const hex = (b: Uint8Array): string => Buffer.from(b).toString("hex");
      const base64 = (b: Uint8Array): string => Buffer.from(b).toString("base64");
      console.log(JSON.stringify({ home, moniker, ...(o.chainId === undefined ? {} : { chainId: o.chainId }), nodeId: facts.nodeId, consensusKey: base64(facts.consensusKey), beaconKey: hex(facts.beaconKey), beaconProof: hex(facts.beaconProof) }, null, 2));
    });
  program
    .command("start")
    .description("run a validator: engine, application and verifier as one unit")
    .option("--home <dir>", `folder that \`pouwd init\` or the testnet launcher wrote; ${HOME}`)
    .option("--cometbft <path>", "the engine's binary (COMETBFT); default: cometbft on the PATH")
    .action(async (o: { home?: string; cometbft?: string }) => {
      const { runValidator } = await import("#app/start.js");
      const control = new AbortController();
      for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => (control.signal.aborted ? process.exit(1) : control.abort()));
      await runValidator({ home: homeOf(o.home), cometbft: findEngine(o.cometbft) }, control.signal, (line) => console.error(line));
    });
  program
    .command("export")
    .description("print a stopped validator's state as a genesis, JSON")
    .option("--home <dir>", `folder of the validator; \`pouwd start\` must not run on it; ${HOME}`)
    .option("--height <block>", "as it was after this block, where that is kept; default: the newest", blockHeight)
    .action((o: { home?: string; height?: bigint }) => become("app/export-main", ["--home", homeOf(o.home), ...(o.height === undefined ? [] : ["--height", `${o.height}`])]));
}
