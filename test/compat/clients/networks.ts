/** Two networks of one validator each, with the same keys, the same genesis and stock engines: the Cosmos SDK's chain and this one. */
import "#platform/install.js";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initHome } from "#app/init.js";
import { type ProcessSpec, superviseProcesses, type Supervisor } from "#app/supervise/index.js";
import { validatorUnit } from "#app/unit.js";
import { abciReachable } from "#app/abci/server.js";
import { portIsFree } from "#testnet/free-ports.js";
import { heightOf, until } from "#testnet/rpc.js";
import { type Face, type Operator, ourState, sdkState, type Setting } from "#test/compat/sdk/genesis.js";
import { Signer } from "#test/compat/sdk/signer.js";
import { simd } from "#test/compat/sdk/simd.js";

export const ACCOUNTS = 6;
const POWER = 100_000n;
const BLOCK_MS = 1_000;
/** of both chains' first block: vesting and deadlines are told as instants */
const GENESIS_TIME_AGO_MS = 10_000;

export interface Networks {
  readonly setting: Setting;
  /** RPC addresses */
  readonly sdk: string;
  readonly ours: string;
  stop(): Promise<void>;
}

export async function startNetworks(face: Face, cometbft: string): Promise<Networks> {
  const program = simd();
  const dir = mkdtempSync(join(tmpdir(), "pouwd-clients-"));
  const units: Supervisor[] = [];
  const stop = async () => {
    await Promise.all(units.map((u) => u.stop()));
    if (process.env.POUWD_KEEP_TESTS) return console.error(`kept: ${dir}`);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const ports = await freePorts(4);
    const home = (name: string, [rpcPort, p2pPort]: readonly number[]) => {
      const path = join(dir, name);
      mkdirSync(path);
      const facts = initHome({ home: path, moniker: "one", rpcPort: rpcPort as number, p2pPort: p2pPort as number, verifierAddress: "", verifierAllowPrivate: false, persistentPeers: "", blockTimeMs: BLOCK_MS, seed: "clients" });
      return { path, facts, rpc: `http://127.0.0.1:${rpcPort}` };
    };
    const sdk = home("sdk", ports.slice(0, 2));
    const ours = home("ours", ports.slice(2, 4));
    const setting = await settingOf(face, ours.facts);
    const time = new Date(Date.now() - GENESIS_TIME_AGO_MS).toISOString();
    write(sdk.path, genesis(setting, time, sdkState(setting), 0));
    write(ours.path, genesis(setting, time, ourState(setting), 1));

    const env = { ...process.env, SIMD_CHAIN_ID: face.chainId, SIMD_PREFIX: face.prefix, SIMD_BOND_DENOM: face.bond };
    const abci = `unix://${join(sdk.path, "abci.sock")}`;
    const their: ProcessSpec[] = [
      { name: "node", command: program, args: ["serve", abci, sdk.rpc], env, logFile: join(sdk.path, "node.log"), readyWhen: () => abciReachable(abci) },
      { name: "engine", command: cometbft, args: ["start", "--home", sdk.path], env: process.env, logFile: join(sdk.path, "engine.log"), dependsOn: ["node"] },
    ];
    for (const specs of [their, validatorUnit({ home: ours.path, cometbft })]) units.push(await superviseProcesses(specs, { log: () => {}, pidFile: join(dir, `${units.length}.json`) }));
    for (const { path, rpc } of [sdk, ours]) await until(`blocks of ${path}`, 60_000, async () => ((await heightOf(rpc)) >= 2 ? true : undefined));
    return { setting, sdk: sdk.rpc, ours: ours.rpc, stop };
  } catch (e) {
    await stop();
    throw e;
  }
}

async function settingOf(face: Face, facts: ReturnType<typeof initHome>): Promise<Setting> {
  const account = await Signer.of("operator 0", face.prefix);
  const address = new Uint8Array(createHash("sha256").update(facts.consensusKey).digest().subarray(0, 20));
  const validator: Operator = { account, operator: account.address, power: POWER, address, consensusKey: facts.consensusKey, beaconKey: facts.beaconKey, beaconProof: facts.beaconProof };
  const accounts = await Promise.all(Array.from({ length: ACCOUNTS }, (_, i) => Signer.of(`account ${i}`, face.prefix)));
  return { face, accounts, validators: [validator], inflation: "0.000000000000000000" };
}

function genesis({ face, validators }: Setting, time: string, state: Record<string, unknown>, extensionsFrom: number): Record<string, unknown> {
  return {
    genesis_time: time,
    chain_id: face.chainId,
    initial_height: "1",
    consensus_params: {
      block: { max_bytes: "4194304", max_gas: "300000000" },
      evidence: { max_age_num_blocks: "100000", max_age_duration: "172800000000000", max_bytes: "1024" },
      validator: { pub_key_types: ["ed25519"] },
      version: { app: "1" },
      abci: { vote_extensions_enable_height: `${extensionsFrom}` },
    },
    validators: validators.map((v) => ({ address: Buffer.from(v.address).toString("hex").toUpperCase(), pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.from(v.consensusKey).toString("base64") }, power: `${v.power}`, name: "one" })),
    app_hash: "",
    app_state: state,
  };
}

const write = (home: string, document: unknown): void => writeFileSync(join(home, "config", "genesis.json"), JSON.stringify(document));

async function freePorts(count: number): Promise<number[]> {
  const free: number[] = [];
  for (let port = 20_000 + (process.pid % 300) * 10; free.length < count; port++) if (await portIsFree(port)) free.push(port);
  return free;
}
