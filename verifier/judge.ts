/** One job from request to verdict: fetches what the re-run needs, and judges by protocol/verify.ts. */
import { decodeHeader } from "#protocol/header.js";
import { residualSeqBefore } from "#protocol/iterate.js";
import { positionOf } from "#protocol/positions.js";
import { verdict, type Verdict } from "#protocol/reasons.js";
import { type Equivocation, verifyExact, type VerifyOutcome } from "#protocol/verify.js";
import { type Iteration, VerdictCode, type VerifyRequest } from "#proto/gen/pouw.js";
import { Unserved } from "./log.js";
import { type TaskWork } from "./task.js";

export type Judgement = Verdict & { readonly equivocation?: Equivocation | undefined };

export interface JudgeOptions {
  readonly signal: AbortSignal;
  /** milliseconds between two attempts at what nobody served */
  readonly retryMs?: number;
  readonly progress?: (step: string, done: number, total: number) => void;
}

const RETRY_MS = 1000;

/**
 * Never throws for what others do or leave undone: after the evidence time-out that is a verdict. Rejects only when the
 * signal is aborted or this process itself fails.
 */
export async function judge(work: TaskWork, request: VerifyRequest, options: JudgeOptions): Promise<Judgement> {
  const job = request.job as NonNullable<VerifyRequest["job"]>;
  const { slot, seq } = job;
  const end = Date.now() + Number(request.evidenceTimeoutMs);
  const { progress = () => {} } = options;

  progress("fetching", 0, 1);
  const missing = await patiently(end, options, () => work.exclusively(() => fetchLog(work, request, options.signal)));
  if (missing instanceof Unserved && missing.anchored) {
    return verdict(VerdictCode.VERDICT_UNSERVED, "no_header", missing.message);
  }
  const noBatch = await patiently(end, options, () => fetchBatches(work, slot, seq, options.signal));
  if (noBatch) return verdict(VerdictCode.VERDICT_UNSERVED, "no_batch", noBatch.message);

  let residual: Uint8Array | null | undefined;
  let peers: Iteration[] = [];
  let peersComplete = false;
  for (;;) {
    const outcome: VerifyOutcome = verifyExact({
      ctx: work.context(request),
      replica: work.replica,
      iterationOf: work.iterationOf,
      slot,
      seq,
      claimed: job.header.length > 0 ? job.header : undefined,
      residual,
      anchoredSeq: (s) => request.anchors.find((a) => a.slot === s)?.heads.at(-1)?.seq ?? 0n,
      batch: work.batch,
      peers,
      peersComplete,
      progress: (done, total) => progress("re-running", done, total),
    });
    if (outcome.needs === "residual") {
      const wanted = outcome;
      const failed = await patiently(end, options, async () => {
        residual = await work.evidence.residual(job.taskId, slot, wanted.seq, wanted.hash, { signal: options.signal, timeout: 10_000 });
      });
      if (failed) residual = null;
    } else if (outcome.needs === "peers") {
      await patiently(end, options, async () => {
        peers = await work.evidence.peerMessages(job.taskId, slot, seq, undefined, { signal: options.signal, timeout: 30_000 });
      });
      peersComplete = true;
    } else {
      // A graft, and a slot's own messages above the anchored log, are this job's alone.
      if (outcome.code !== VerdictCode.VERDICT_VALID) work.rebuild();
      progress("done", 1, 1);
      return outcome;
    }
  }
}

/** The slot's own messages up to the job's anchored head, and of every peer what the re-run headers' clocks name. */
async function fetchLog(work: TaskWork, request: VerifyRequest, signal: AbortSignal): Promise<void> {
  const { slot, seq } = request.job as NonNullable<VerifyRequest["job"]>;
  await work.ensure(slot, seq, request, signal);
  let unanchored: Unserved | undefined;
  for (let s = residualSeqBefore(work.plan.parameters, seq) + 1n; s <= seq; s++) {
    const entry = work.log.entry(slot, s);
    if (!entry) continue;
    const { clock } = decodeHeader(entry.headerBytes);
    for (const [peer, count] of clock.entries()) {
      if (peer === slot || peer >= work.spec.slots) continue;
      try {
        await work.ensure(peer, count, request, signal);
      } catch (e) {
        // the miner may still show that its peer signed it
        if (!(e instanceof Unserved) || e.anchored) throw e;
        unanchored = e;
      }
    }
  }
  if (unanchored) throw unanchored;
}

async function fetchBatches(work: TaskWork, slot: number, seq: bigint, signal: AbortSignal): Promise<void> {
  for (let s = residualSeqBefore(work.plan.parameters, seq) + 1n; s <= seq; s++) {
    await work.loadBatch(work.batchOfPosition(positionOf(work.spec, slot, s)), signal);
  }
}

/** Tries until it works or the time is over; answers the last error then. Rejects when the signal is aborted. */
async function patiently(end: number, { signal, retryMs = RETRY_MS }: JudgeOptions, attempt: () => Promise<void>): Promise<Error | undefined> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await attempt();
      return undefined;
    } catch (e) {
      signal.throwIfAborted();
      if (Date.now() + retryMs > end) return e as Error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}
