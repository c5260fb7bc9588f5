/** One job from request to verdict: fetches what the re-run needs, and has it judged by protocol/verification/verify.ts. */
import { decodeHeader } from "#protocol/log/header.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { slotPositions } from "#protocol/log/positions.js";
import { verdict, type Verdict } from "#protocol/verification/reasons.js";
import { type Equivocation, type VerifyOutcome } from "#protocol/verification/verify.js";
import type { Header } from "#proto/gen/pouw/v1/iteration.js";
import type { VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type RunInput } from "./compute.js";
import { type Attempt, HeldUp, Patience, type PatienceOptions } from "./patience.js";
import { PeerAnswers } from "./peer-answers.js";
import { endpointsOf, type TaskWork } from "./task.js";
import { Unserved } from "./unserved.js";

export type Judgement = Verdict & { readonly equivocation?: Equivocation | undefined };

export interface JudgeOptions extends PatienceOptions {
  readonly progress?: (step: string, done: number, total: number) => void;
}

type Work = Pick<TaskWork, "spec" | "plan" | "header" | "ensure" | "batch" | "residual" | "peersFrom" | "run">;
type Batches = Pick<RunInput, "batches" | "batchHashes">;

/**
 * What others do or leave undone becomes a verdict, after the evidence time-out. Rejects when the signal is aborted and
 * for every failure of this process itself: the node then asks again.
 */
export async function judge(work: Work, request: VerifyRequest, options: JudgeOptions): Promise<Judgement> {
  const { progress = () => {} } = options;
  const { slot, seq, header } = request.job as NonNullable<VerifyRequest["job"]>;
  const patience = new Patience(Number(request.evidenceTimeoutMs), options);

  progress("fetching", 0, 1);
  const log = await patience.until((a) => fetchLog(work, request, a));
  if (log.error && !(log.error instanceof Unserved)) throw log.error;
  // the miner may still show that its peer signed what nobody has anchored
  if (log.error?.anchored) return verdict(VerdictCode.VERDICT_UNSERVED, "no_header", log.error.message);
  patience.renew();
  const data = await patience.until((a) => fetchBatches(work, request, a));
  if (data.error) {
    if (!(data.error instanceof Unserved)) throw data.error;
    return verdict(VerdictCode.VERDICT_UNSERVED, "no_batch", data.error.message);
  }

  // where the re-run begins, and in the tolerant profile where it ends
  const residuals: { -readonly [K in "residual" | "residualAfter"]?: RunInput[K] } = {};
  const anchored = Array.from({ length: work.spec.slots }, (_, s) => request.anchors.find((a) => a.slot === s)?.heads.at(-1)?.seq ?? 0n);
  const rerun = (peers: RunInput["peers"] = [], peersComplete = false): Promise<VerifyOutcome> =>
    work.run({ slot, seq, claimed: header.length > 0 ? header : undefined, ...residuals, ...data.value, peers, peersComplete, slots: request.slots, anchored }, (done, total) => progress("re-running", done, total));

  let outcome = await rerun();
  for (let asked = 0; outcome.needs === "residual" && asked < 2; asked++) {
    const wanted = outcome;
    patience.renew();
    const served = await patience.until((a) => work.residual(slot, wanted.seq, wanted.hash, request, a));
    residuals[wanted.seq === seq ? "residualAfter" : "residual"] = served.error ? null : served.value;
    outcome = await rerun();
  }
  if (outcome.needs === "peers") {
    patience.renew();
    outcome = await askPeers(work, request, patience, rerun);
  }
  if (outcome.needs) throw new Error(`the re-run asks for a ${outcome.needs} that it was given`);
  // All was fetched before: a re-run that misses something of it has no verdict against those who served it.
  if (outcome.code === VerdictCode.VERDICT_UNSERVED) throw new HeldUp(`the re-run missed what had been fetched: ${outcome.detail}`);
  progress("done", 1, 1);
  return outcome;
}

/** The slot's own messages up to the job's anchored head, and of every peer what the re-run headers' clocks name. */
async function fetchLog(work: Work, request: VerifyRequest, attempt: Attempt): Promise<void> {
  const { slot, seq } = request.job as NonNullable<VerifyRequest["job"]>;
  await work.ensure(slot, seq, request, attempt);
  let unanchored: Unserved | undefined;
  for (let s = residualSeqBefore(work.plan.parameters, work.spec.profile, seq) + 1n; s <= seq; s++) {
    for (const [peer, count] of clockOf(work, slot, s).entries()) {
      // what the task does not have is the re-run's to judge
      if (peer === slot || peer >= work.spec.slots || count > slotPositions(work.spec, peer)) continue;
      try {
        await work.ensure(peer, count, request, attempt);
      } catch (e) {
        if (!(e instanceof Unserved) || e.anchored) throw e;
        unanchored = e;
      }
    }
  }
  if (unanchored) throw unanchored;
}

function clockOf(work: Work, slot: number, seq: bigint): readonly bigint[] {
  let header: Header;
  try {
    header = decodeHeader(work.header(slot, seq) as Uint8Array);
  } catch {
    return []; // INVALID by the re-run
  }
  return header.clock;
}

/** All batches of the re-run, copied for this job. */
async function fetchBatches(work: Work, request: VerifyRequest, attempt: Attempt): Promise<Batches> {
  const { slot, seq } = request.job as NonNullable<VerifyRequest["job"]>;
  const batches = new Map<number, NonNullable<ReturnType<RunInput["batches"]["get"]>>>();
  const batchHashes = new Map<number, Uint8Array>();
  for (let s = residualSeqBefore(work.plan.parameters, work.spec.profile, seq) + 1n; s <= seq; s++) {
    const { number, hash, batch } = await work.batch(slot, s, request, attempt);
    batches.set(number, batch);
    batchHashes.set(number, hash);
  }
  return { batches, batchHashes };
}

/**
 * The re-run on what the miner shows of its peers. Every supervisor is asked until each has answered or the time is over,
 * and only then is a state that agrees with nothing the miner's fault.
 */
async function askPeers(work: Work, request: VerifyRequest, patience: Patience, rerun: (peers: RunInput["peers"], complete: boolean) => Promise<VerifyOutcome>): Promise<VerifyOutcome> {
  const { slot, seq } = request.job as NonNullable<VerifyRequest["job"]>;
  const most = clockOf(work, slot, seq).reduce((sum, count) => sum + count, 0n);
  const endpoints = new Set(endpointsOf(request));
  const answers = new PeerAnswers(endpoints.size);
  const stop = new AbortController();
  const ask = async (endpoint: string) => ({ endpoint, tried: await patience.fork(stop.signal).until((a) => work.peersFrom(endpoint, slot, seq, most, a.signal)) });
  const pending = new Map([...endpoints].map((e) => [e, ask(e)]));
  for (const p of pending.values()) p.catch(() => {}); // seen by the race, where it still matters
  try {
    while (pending.size > 0) {
      const { endpoint, tried } = await Promise.race(pending.values());
      pending.delete(endpoint);
      if (tried.error) continue;
      for (const peers of answers.add(tried.value)) {
        const outcome = await rerun(peers, false);
        if (outcome.needs !== "peers") return outcome;
      }
    }
  } finally {
    stop.abort();
  }
  return rerun(answers.believed(), true);
}
