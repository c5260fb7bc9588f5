/** The miner daemon over a node's RPC. */
import "#platform/install.js";
import { connectChain, createSender } from "#client/chain/index.js";
import { createLogger, type LogLevel } from "#platform/log.js";
import { readMnemonic } from "#platform/keys.js";
import { GrpcBus } from "#bus/index.js";
import { mine } from "./daemon.js";
import { faultFromEnvironment } from "./faults.js";
import { faultyPorts } from "./faulty-ports.js";

export interface MinerOptions {
  readonly home: string;
  readonly rpc: string;
  /** path of a file that holds the account's mnemonic */
  readonly key: string;
  /** base units */
  readonly stake: bigint;
  readonly maxSeats: number;
  readonly allowPrivate?: boolean;
  readonly logLevel?: LogLevel;
}

/**
 * Runs until the signal is aborted. Throws when the home is in use, the key file is wrong, or registration is refused.
 * A miner serves nothing and listens nowhere: what is asked of it comes over its own streams.
 */
export async function runMiner(options: MinerOptions, signal: AbortSignal): Promise<void> {
  const fault = faultFromEnvironment(process.env);
  const log = createLogger("miner", options.logLevel);
  if (fault) log.warn("this miner misbehaves on purpose", { fault });
  const mnemonic = readMnemonic(options.key);
  const chain = await connectChain({ rpc: options.rpc, signal });
  const sender = await createSender({ chain, rpc: options.rpc, mnemonic });
  const { home, stake, maxSeats, allowPrivate = false } = options;
  const ports = fault ? faultyPorts({ fault, home, chain, bus: new GrpcBus({ allowPrivate }) }) : {};
  await mine({ home, chain, sender, stake, maxSeats, allowPrivate, tensorFlow: process.env["POUWD_TENSORFLOW"] || undefined, log, ports }, signal);
}
