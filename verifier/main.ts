/**
 * The verifier daemon: re-executes the iterations that its validator's node hands it, and answers verdicts. Its service has
 * no authentication: the command listens on loopback unless it is told otherwise, and then says what that means.
 */
import "#platform/install.js";
import { connectChain, createSender } from "#client/chain/index.js";
import { MAX_RECEIVE, service, serveGrpc } from "#net/index.js";
import { message, trySend } from "#client/chain/worker.js";
import { readMnemonic } from "#platform/keys.js";
import { createLogger, type LogLevel } from "#platform/log.js";
import { MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { VerifierService, type VerifyProgress, type VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { type Judgement } from "./judge.js";
import { Jobs } from "./jobs.js";
import { isLoopback } from "./loopback.js";

export interface VerifierOptions {
  readonly home: string;
  /** host:port of the Verifier service */
  readonly listen: string;
  readonly allowPrivate?: boolean;
  readonly logLevel?: LogLevel;
  /** With both, a peer's equivocation that a re-run proves is reported from this account. */
  readonly rpc?: string;
  readonly key?: string;
}

/** Runs until the signal is aborted. Throws when the address cannot be listened on. */
export async function runVerifier(options: VerifierOptions, signal: AbortSignal): Promise<void> {
  const log = createLogger("verifier", options.logLevel);
  const report = options.rpc && options.key ? reporter(options.rpc, options.key, signal, log) : undefined;
  const jobs = new Jobs({
    allowPrivate: options.allowPrivate ?? false,
    log,
    signal,
    found: (request, judgement) => void report?.(request, judgement).catch((e: Error) => log.warn("an equivocation was not reported", { error: e })),
  });
  const { listen } = options;
  if (!isLoopback(listen)) log.warn("the Verifier service has no authentication, and others can reach this address: whoever does can keep this verifier busy; listen on 127.0.0.1, or let a firewall admit the validator's node alone", { listen });
  const server = await serveGrpc({
    listen,
    // the validator's own node asks, with all that a job needs, and waits for as long as it may take
    services: [service(VerifierService, { verify: (request) => verify(jobs, request) }, { verify: { message: MAX_RECEIVE, lastsMs: 6 * 3_600_000 } })],
    log,
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
  await jobs.close();
}

/** Progress as it comes, at last the verdict. */
async function* verify(jobs: Jobs, request: VerifyRequest): AsyncGenerator<Partial<VerifyProgress>> {
  const queue: Partial<VerifyProgress>[] = [];
  let wake: (() => void) | undefined;
  let judgement: Judgement | undefined;
  let failure: Error | undefined;
  jobs
    .verify(request, (p) => {
      queue.push(p);
      wake?.();
    })
    .then(
      (j) => {
        judgement = j;
      },
      (e: Error) => {
        failure = e;
      },
    )
    .finally(() => wake?.());
  while (!judgement && !failure) {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (judgement || failure || queue.length > 0) resolve();
    });
    yield* queue.splice(0);
  }
  if (failure) throw failure;
  if (!judgement) return;
  const { code, reason, detail, equivocation } = judgement;
  yield {
    job: request.job?.id ?? 0n,
    step: "done",
    code,
    reason,
    detail,
    ...(equivocation ? { equivocation: [equivocation.first, equivocation.second], equivocationSlot: equivocation.slot } : {}),
  };
}

function reporter(rpc: string, key: string, signal: AbortSignal, log: ReturnType<typeof createLogger>) {
  const connection = (async () => {
    const chain = await connectChain({ rpc, signal });
    return createSender({ chain, rpc, mnemonic: readMnemonic(key) });
  })();
  connection.catch(() => {});
  return async (request: VerifyRequest, { equivocation }: Judgement): Promise<void> => {
    if (!equivocation || !request.task) return;
    const sender = await connection;
    const { slot, first, second } = equivocation;
    await trySend(sender, "MsgReportEquivocation", message(MsgReportEquivocation, { reporter: sender.address, taskId: request.task.id, slot, first, second }), log);
  };
}
