/** The supervisor daemon over a node's RPC. */
import "#platform/install.js";
import { connectChain, createSender } from "#client/chain/index.js";
import { createLogger, type LogLevel } from "#platform/log.js";
import { readMnemonic } from "#platform/keys.js";
import { supervise } from "./daemon.js";

export interface SupervisorOptions {
  readonly home: string;
  readonly rpc: string;
  /** path of a file that holds the account's mnemonic */
  readonly key: string;
  /** host:port to bind */
  readonly listen: string;
  /** host:port that others dial; default: what was bound */
  readonly endpoint?: string;
  /** base units */
  readonly stake: bigint;
  readonly maxSeats: number;
  /** all data of tasks together, bytes; default 64 GiB */
  readonly maxDataBytes?: number;
  readonly allowPrivate?: boolean;
  readonly logLevel?: LogLevel;
}

/** Runs until the signal is aborted. Throws when the home is in use, the key file is wrong, or registration is refused. */
export async function runSupervisor(options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  const log = createLogger("supervisor", options.logLevel);
  const mnemonic = readMnemonic(options.key);
  const chain = await connectChain({ rpc: options.rpc, signal });
  const sender = await createSender({ chain, rpc: options.rpc, mnemonic });
  await supervise(
    {
      home: options.home,
      chain,
      sender,
      listen: options.listen,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      stake: options.stake,
      maxSeats: options.maxSeats,
      ...(options.maxDataBytes === undefined ? {} : { maxDataBytes: options.maxDataBytes }),
      allowPrivate: options.allowPrivate ?? false,
      log,
    },
    signal,
  );
}
