/**
 * The verifier daemon: re-executes the iterations that its validator's node hands it, and answers verdicts. Its service has
 * no authentication: the command listens on loopback unless it is told otherwise, and then says what that means.
 */
import "#platform/install.js";
import { connectChain, createSender } from "#client/chain/index.js";
import { serveGrpc } from "#net/index.js";
import { message, trySend } from "#client/chain/worker.js";
import { readMnemonic } from "#platform/keys.js";
import { createLogger, type LogLevel } from "#platform/log.js";
import { MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { type Equivocation } from "#protocol/verification/verify.js";
import { isLoopback } from "./loopback.js";
import { verifierService } from "./service.js";

export interface VerifierOptions {
  readonly home: string;
  /** host:port of the Verifier service */
  readonly listen: string;
  readonly allowPrivate?: boolean;
  readonly logLevel?: LogLevel;
  /** for engines and logs of all tasks, bytes */
  readonly memory?: number;
  /** With both, a peer's equivocation that a re-run proves is reported from this account. */
  readonly rpc?: string;
  readonly key?: string;
}

const MEMORY = 4 * 1024 ** 3;

/** Runs until the signal is aborted. Throws when the address cannot be listened on. */
export async function runVerifier(options: VerifierOptions, signal: AbortSignal): Promise<void> {
  const log = createLogger("verifier", options.logLevel);
  const report = options.rpc && options.key ? reporter(options.rpc, options.key, signal, log) : undefined;
  const found = (taskId: bigint, e: Equivocation): void => void report?.(taskId, e).catch((error: Error) => log.warn("an equivocation was not reported", { error }));
  const { listen } = options;
  if (!isLoopback(listen)) log.warn("the Verifier service has no authentication, and others can reach this address: whoever does can keep this verifier busy; listen on 127.0.0.1, or let a firewall admit the validator's node alone", { listen });
  const serving = verifierService({ allowPrivate: options.allowPrivate ?? false, log, found, memory: options.memory ?? MEMORY });
  const server = await serveGrpc({ listen, services: [serving.service], log });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
  await serving.close();
}

function reporter(rpc: string, key: string, signal: AbortSignal, log: ReturnType<typeof createLogger>) {
  const connection = (async () => {
    const chain = await connectChain({ rpc, signal });
    return createSender({ chain, rpc, mnemonic: readMnemonic(key) });
  })();
  connection.catch(() => {});
  return async (taskId: bigint, { slot, first, second }: Equivocation): Promise<void> => {
    const sender = await connection;
    await trySend(sender, "MsgReportEquivocation", message(MsgReportEquivocation, { reporter: sender.address, taskId, slot, first, second }), log);
  };
}
