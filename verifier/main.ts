/**
 * The verifier daemon: re-executes the iterations that its validator's node hands it, and answers verdicts. Its service has
 * no authentication: the command listens on loopback unless it is told otherwise, and then says what that means.
 */
import "#platform/install.js";
import { connectChain, createSender } from "#client/chain/index.js";
import { exhausted, MAX_RECEIVE, service, serveGrpc } from "#net/index.js";
import { asServiceError } from "#net/service.js";
import { message, trySend } from "#client/chain/worker.js";
import { readMnemonic } from "#platform/keys.js";
import { createLogger, type LogLevel } from "#platform/log.js";
import { MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { VerifierService, type VerifyAnswer, type VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { type Equivocation } from "#protocol/verification/verify.js";
import { isLoopback } from "./loopback.js";
import { Session } from "./session.js";

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
/** How long one stream of a node lasts: it dials again. */
const WEEK_MS = 7 * 24 * 3_600_000;
/** Nodes that one verifier serves at one time: a validator's own, and one that is being replaced. */
const MAX_NODES = 4;

/** Runs until the signal is aborted. Throws when the address cannot be listened on. */
export async function runVerifier(options: VerifierOptions, signal: AbortSignal): Promise<void> {
  const log = createLogger("verifier", options.logLevel);
  const report = options.rpc && options.key ? reporter(options.rpc, options.key, signal, log) : undefined;
  const found = (taskId: bigint, e: Equivocation): void => void report?.(taskId, e).catch((error: Error) => log.warn("an equivocation was not reported", { error }));
  const { listen } = options;
  if (!isLoopback(listen)) log.warn("the Verifier service has no authentication, and others can reach this address: whoever does can keep this verifier busy; listen on 127.0.0.1, or let a firewall admit the validator's node alone", { listen });
  const sessions = new Set<Session>();
  const memory = (options.memory ?? MEMORY) / MAX_NODES;
  const server = await serveGrpc({
    listen,
    services: [
      service(VerifierService, {
        verify(stream, call) {
          if (sessions.size >= MAX_NODES) return void stream.emit("error", asServiceError(exhausted(`this verifier serves ${MAX_NODES} nodes already`)));
          // what only says how far a job is waits for nobody who does not read
          const send = (answer: VerifyAnswer): void => void ((answer.progress && stream.writableNeedDrain) || stream.write(answer));
          const session = new Session({ allowPrivate: options.allowPrivate ?? false, log, send, found, memory });
          sessions.add(session);
          const over = (): void => {
            if (sessions.delete(session)) void session.close();
          };
          stream.on("data", (request: VerifyRequest) => session.receive(request));
          stream.on("end", () => (over(), stream.end()));
          for (const e of ["error", "close", "cancelled"]) stream.on(e, over);
          call.signal.addEventListener("abort", over, { once: true });
        },
      }, { verify: { message: MAX_RECEIVE, lastsMs: WEEK_MS } }),
    ],
    log,
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
  await Promise.all([...sessions].map((s) => s.close()));
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
