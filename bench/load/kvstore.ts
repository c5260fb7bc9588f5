/** CometBFT's built-in key-value store behind the same engine: same keys, genesis and configuration as a validator of ours. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeConfig } from "#app/init.js";
import { heightOf, rpc, until } from "#testnet/rpc.js";

export interface KvStore {
  readonly port: number;
  get(key: string): Promise<string>;
  stop(): Promise<void>;
}

/** `home`: a validator's home that has run; its keys and genesis are copied, its state is not. */
export async function startKvStore(home: string, o: { rpcPort: number; p2pPort: number; blockTimeMs: number }): Promise<KvStore> {
  const cometbft = process.env.COMETBFT;
  if (!cometbft) throw new Error("COMETBFT is not set. Run scripts/bench, which finds the engine.");
  const dir = mkdtempSync(join(tmpdir(), "pouwd-kvstore-"));
  mkdirSync(join(dir, "data"));
  cpSync(join(home, "config"), join(dir, "config"), { recursive: true });
  writeFileSync(join(dir, "data", "priv_validator_state.json"), `${JSON.stringify({ height: "0", round: 0, step: 0 })}\n`);
  const genesis = JSON.parse(readFileSync(join(home, "config", "genesis.json"), "utf8")) as Record<string, unknown>;
  // the store answers no validators to the engine, so the genesis names the one whose keys these are
  const { pub_key: key } = JSON.parse(readFileSync(join(home, "config", "priv_validator_key.json"), "utf8")) as { pub_key: unknown };
  writeFileSync(join(dir, "config", "genesis.json"), JSON.stringify({ ...genesis, validators: [{ pub_key: key, power: "10", name: "kvstore" }], app_state: {} }));
  writeConfig({ home: dir, moniker: "kvstore", rpcPort: o.rpcPort, p2pPort: o.p2pPort, verifierAddress: "", verifierAllowPrivate: false, persistentPeers: "", blockTimeMs: o.blockTimeMs });

  const log = openSync(join(dir, "engine.log"), "a");
  const child = spawn(cometbft, ["node", "--home", dir, "--proxy_app=kvstore"], { stdio: ["ignore", log, log] });
  const stop = async () => {
    await end(child);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  const base = `http://127.0.0.1:${o.rpcPort}`;
  try {
    await until("block 1 of the kvstore", 60_000, async () => {
      if (child.exitCode !== null) throw new Error(`CometBFT ended: ${readFileSync(join(dir, "engine.log"), "utf8").slice(-500)}`);
      return (await heightOf(base)) >= 1 ? true : undefined;
    });
  } catch (e) {
    await stop();
    throw e;
  }
  return {
    port: o.rpcPort,
    async get(key) {
      const { response } = await rpc<{ response: { value: string | null } }>(base, `/abci_query?data=%22${key}%22`, 20_000);
      return Buffer.from(response.value ?? "", "base64").toString();
    },
    stop,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await over;
  clearTimeout(timer);
}
