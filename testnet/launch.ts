/** Writes a network's files and starts its keeper; comes back when blocks are made and every worker is registered. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pc from "picocolors";
import { entry } from "#platform/entry.js";
import { testAccount } from "./accounts.js";
import { ask } from "./control.js";
import { grpcOf, restOf, rpcOf } from "./facts.js";
import { holderOf, portIsFree } from "./free-ports.js";
import { writeHomes } from "./homes.js";
import { type NetworkFile, readNetworkFile, writeNetworkFile } from "./network-file.js";
import { type NetworkOptions, type NetworkPlan, planNetwork, ports } from "./plan.js";
import { heightOf, until } from "./rpc.js";
import { workersRegistered } from "./state.js";

export interface LaunchOptions {
  /** `process.NAME` → value */
  readonly env?: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** Base units that each worker registers with. */
const WORKER_STAKE = 20_000_000_000n;

export async function bringUp(options: NetworkOptions, { env = {}, say }: LaunchOptions): Promise<NetworkPlan> {
  const { dir } = options;
  if (await ask(dir, { command: "status" })) throw new Error(`a network runs in ${dir} already. Stop it: scripts/testnet stop`);
  const again = existsSync(join(dir, "network.json"));
  const plan = planNetwork(again ? readNetworkFile(dir).options : options);
  await checkPorts(plan);
  const cometbft = process.env.COMETBFT;
  if (!cometbft) throw new Error("COMETBFT is not set. Run scripts/testnet, which finds the engine.");
  if (again) {
    say(`starting the network of ${dir} again`);
    writeNetworkFile(dir, { ...readNetworkFile(dir), cometbft });
  } else await writeNetwork(plan, cometbft, env);

  const log = openSync(join(dir, "keeper.log"), "a");
  const keeper = entry("testnet/keeper-main", dir);
  const child = spawn(keeper.command, keeper.args, { detached: true, stdio: ["ignore", log, log] });
  child.unref();
  await ready(plan, say);
  banner(plan, say);
  return plan;
}

async function checkPorts(plan: NetworkPlan): Promise<void> {
  for (const { port, use } of ports(plan)) {
    if (await portIsFree(port)) continue;
    const holder = holderOf(port);
    throw new Error(`Port ${port} (${use}) is used${holder ? ` by ${holder}` : ""}. Nothing started. Try --port-offset 100, or stop it.`);
  }
}

async function writeNetwork(plan: NetworkPlan, cometbft: string, env: Readonly<Record<string, string>>): Promise<void> {
  const { dir, prefix } = plan.options;
  // What an earlier network left behind would be taken for this one's state.
  for (const home of [...plan.validators.map((v) => v.home), ...plan.workers.map((w) => w.home), join(dir, "client")]) rmSync(home, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const accounts = await Promise.all(plan.accounts.map(({ name }) => testAccount(name, prefix)));
  await writeHomes(plan, accounts);
  for (const w of plan.workers) {
    mkdirSync(w.home, { recursive: true, mode: 0o700 });
    writeFileSync(join(w.home, "key"), `${accounts.find((a) => a.name === w.name)?.mnemonic}\n`, { mode: 0o600 });
  }
  const byProcess: Record<string, Record<string, string>> = {};
  for (const [key, value] of Object.entries(env)) {
    const at = key.lastIndexOf(".");
    if (at < 1) throw new Error(`--env ${key}: want process.NAME=value`);
    const process = key.slice(0, at);
    byProcess[process] = { ...byProcess[process], [key.slice(at + 1)]: value };
  }
  const file: NetworkFile = { options: plan.options, accounts, cometbft, env: byProcess, workerStake: WORKER_STAKE.toString() };
  writeNetworkFile(dir, file);
}

async function ready(plan: NetworkPlan, say: (line: string) => void): Promise<void> {
  for (const v of plan.validators) {
    await until(`block 1 of ${v.name} (scripts/testnet logs ${v.name}.node)`, 90_000, async () => ((await heightOf(rpcOf(v))) >= 1 ? true : undefined));
  }
  say(`${plan.validators.length} validators make blocks`);
  for (const v of plan.validators) {
    await until(`REST of ${v.name} (scripts/testnet logs ${v.name}.node)`, 60_000, async () => ((await fetch(`${restOf(v)}/cosmos/base/tendermint/v1beta1/syncing`)).ok ? true : undefined));
  }
  const first = plan.validators[0];
  if (!first || plan.workers.length === 0) return;
  await until(`${plan.workers.length} workers to register (scripts/testnet logs NAME)`, 120_000, async () =>
    (await workersRegistered(rpcOf(first))) >= plan.workers.length ? true : undefined,
  );
  say(`${plan.workers.length} workers are registered`);
}

function banner(plan: NetworkPlan, say: (line: string) => void): void {
  const { dir, chainId } = plan.options;
  const first = plan.validators[0];
  if (!first) return;
  say("");
  say(`${pc.bold(chainId)}   facts in ${join(dir, "testnet.json")}`);
  say(`  RPC        ${rpcOf(first)}  (and ${plan.validators.length - 1} more)`);
  say(`  REST       ${restOf(first)}  (with a page that shows it)`);
  say(`  gRPC       ${grpcOf(first)}`);
  say("  accounts   client, alice, bob, faucet: public test keys, never fund them");
  say("  next       scripts/pouwd task submit examples/digits.yaml --from client");
  say("             scripts/testnet status | logs NAME | stop | reset");
  say("");
}
