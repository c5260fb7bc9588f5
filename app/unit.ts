/**
 * A validator as one unit of processes: application, engine and verifier, from its home alone. `pouwd start` and the
 * testnet launcher both run exactly this.
 */
import { connect } from "node:net";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { engineRpc } from "#platform/engine-rpc.js";
import { entry } from "#platform/entry.js";
import { readAppConfig } from "./config.js";
import { EX_CONFIG } from "./config-fault.js";
import { type ProcessSpec } from "./supervise/index.js";

export interface UnitOptions {
  readonly home: string;
  /** path of the engine's binary */
  readonly cometbft: string;
  /** environment of one process, by its name: for tests with faults */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The engine's own default. */
const DEFAULT_RPC = "http://127.0.0.1:26657";

export const pidFileOf = (home: string): string => join(home, "pids.json");

/** In the order in which they start. Throws one line when the home is not complete. */
export function validatorUnit({ home, cometbft, env = {} }: UnitOptions): ProcessSpec[] {
  const config = readAppConfig(home);
  for (const file of ["genesis.json", "config.toml", "priv_validator_key.json", "node_key.json", "beacon_key.json"]) {
    const path = join(home, "config", file);
    if (!existsSync(path)) throw new Error(`${path} is missing. ${file === "genesis.json" ? "Copy the chain's genesis there." : `\`pouwd init --home ${home}\` writes it.`}`);
  }
  const process_ = (name: string, command: string, args: string[], more: Partial<ProcessSpec> = {}): ProcessSpec => ({
    name,
    command,
    args,
    env: { ...process.env, ...env[name] },
    logFile: join(home, `${name}.log`),
    fatalExitCodes: [EX_CONFIG],
    ...more,
  });
  const node = entry("app/main", "--home", home);
  const unit = [
    process_("node", node.command, node.args, { readyWhen: () => listens(config.abci) }),
    process_("engine", cometbft, ["start", "--home", home], { dependsOn: ["node"] }),
  ];
  if (config.verifier === "") return unit;
  const args = ["verifier", "--home", join(home, "verifier"), "--listen", config.verifier];
  if (config.verifier_allow_private) args.push("--allow-private");
  if (config.verifier_key_file) args.push("--key-file", config.verifier_key_file, "--node", engineRpc(home) ?? DEFAULT_RPC);
  const verifier = entry("client/main", ...args);
  return [...unit, process_("verifier", verifier.command, verifier.args)];
}

/** Whether somebody accepts connections at an ABCI address. */
function listens(address: string): Promise<boolean> {
  const [, scheme, rest] = /^(unix|tcp):\/\/(.+)$/.exec(address) ?? [];
  return new Promise((resolve) => {
    const at = (rest ?? "").lastIndexOf(":");
    const socket = scheme === "unix" ? connect(rest ?? "") : connect(Number((rest ?? "").slice(at + 1)), (rest ?? "").slice(0, at));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
