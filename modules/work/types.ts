/**
 * Jobs of `work`, what it needs of other modules, and what it offers.
 *
 * A job is a claim, a drawn audit or a requested one, told apart by `kind`, and has an outcome once it is decided or
 * lapsed. Ports are read at call time, never at definition.
 */
import { defineAccounts, type ModuleBank, type Payer } from "#kernel/accounts.js";
import { EMPTY } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import type { residualBytes } from "#protocol/tasks/engine-options.js";
import type { Phase, Terms } from "#proto/gen/pouw/tasks/v1/types.js";
import { type Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type Job as WireJob, JobKind, type JobVerdict, type Params, type WorkTotals } from "#proto/gen/pouw/work/v1/types.js";

/** Rewards are minted into it and go out at once, so that it holds the deposits of open requested audits. */
export const workAccounts = defineAccounts({ name: "work", may: ["mint", "burn"] });

export type JobOutcome =
  | {
      readonly kind: "decided";
      readonly code: VerdictCode;
      readonly reason: number;
      readonly height: bigint;
    }
  | { readonly kind: "lapsed"; readonly height: bigint };

/** One iteration that validators verify, and what they said of it. */
interface Verification {
  readonly id: bigint;
  readonly taskId: bigint;
  readonly slot: number;
  readonly seq: bigint;
  /** the first anchored head at or above the iteration */
  readonly head: AnchoredHead;
  readonly createdHeight: bigint;
  /** last block of its verdict window */
  readonly deadline: bigint;
  /** one of a validator, in the order in which they were recorded */
  readonly verdicts: readonly JobVerdict[];
  /** undefined while the job is open */
  readonly outcome?: JobOutcome | undefined;
}

/** A miner claims the reward of an iteration that won its draw. */
export interface Claim extends Verification {
  readonly kind: "claim";
  readonly miner: string;
  readonly header: Uint8Array;
  readonly headerHash: Uint8Array;
  /** minted for it, the verifiers' cut included */
  readonly reward: bigint;
}

/** Drawn by the beacon. */
export interface DrawnAudit extends Verification {
  readonly kind: "audit";
  /** a lapsed one, queued once more */
  readonly requeued: boolean;
}

/** Asked for by a supervisor, for a deposit that the pool holds until the job has its outcome. */
export interface RequestedAudit extends Verification {
  readonly kind: "requested_audit";
  readonly supervisor: string;
  readonly deposit: bigint;
  readonly requeued: boolean;
}

export type Job = Claim | DrawnAudit | RequestedAudit;

/** Throws Error for a record that is no job; genesis refuses besides what a job of its kind does not have. */
export function parseJob(w: WireJob): Job {
  const { id, taskId, slot, seq, head, createdHeight, deadline, verdicts } = w;
  if (!head) throw new Error("head: want the anchored head at or above the iteration");
  const all = { id, taskId, slot, seq, head, createdHeight, deadline, verdicts, outcome: parseOutcome(w) };
  switch (w.kind) {
    case JobKind.JOB_CLAIM:
      return { ...all, kind: "claim", miner: w.submitter, header: w.header, headerHash: w.headerHash, reward: w.reward };
    case JobKind.JOB_AUDIT:
      return { ...all, kind: "audit", requeued: w.requeued };
    case JobKind.JOB_REQUESTED_AUDIT:
      return { ...all, kind: "requested_audit", supervisor: w.submitter, deposit: w.deposit, requeued: w.requeued };
    default:
      throw new Error(`kind: got ${w.kind}, want a claim or an audit`);
  }
}

function parseOutcome({ decided, decision: code, reason, decidedHeight: height }: WireJob): JobOutcome | undefined {
  if (!decided) return undefined;
  if (height === undefined) throw new Error("decided_height: want that of a decided or lapsed job");
  return code === VerdictCode.VERDICT_UNSPECIFIED ? { kind: "lapsed", height } : { kind: "decided", code, reason, height };
}

const KIND = { claim: JobKind.JOB_CLAIM, audit: JobKind.JOB_AUDIT, requested_audit: JobKind.JOB_REQUESTED_AUDIT } as const;

export function wireJob(j: Job): WireJob {
  const { id, taskId, slot, seq, head, createdHeight, deadline, verdicts, outcome } = j;
  const decided = outcome?.kind === "decided" ? outcome : undefined;
  const claim = j.kind === "claim" ? j : undefined;
  const requested = j.kind === "requested_audit" ? j : undefined;
  return {
    id,
    kind: KIND[j.kind],
    taskId,
    slot,
    seq,
    head,
    header: claim?.header ?? EMPTY,
    createdHeight,
    deadline,
    decided: outcome !== undefined,
    decision: decided?.code ?? VerdictCode.VERDICT_UNSPECIFIED,
    reason: decided?.reason ?? 0,
    decidedHeight: outcome?.height,
    verdicts: [...verdicts],
    submitter: claim?.miner ?? requested?.supervisor ?? "",
    deposit: requested?.deposit ?? 0n,
    reward: claim?.reward ?? 0n,
    requeued: j.kind !== "claim" && j.requeued,
    headerHash: claim?.headerHash ?? EMPTY,
  };
}

/** A task as this module sees it. */
export interface WorkedTask {
  readonly id: bigint;
  readonly phase: Phase;
  readonly spec: Parameters<typeof residualBytes>[0] & { readonly profile: string };
  /** n */
  readonly parameters: bigint;
  /** F, of an iteration */
  readonly flop: bigint;
  readonly minted: bigint;
  readonly mintCap: bigint;
  readonly closedHeight?: bigint | undefined;
  /** parameters of its creation */
  readonly terms: Pick<Terms, "drawDelay" | "claimWindow" | "verdictWindow" | "slashUnavailable" | "slashResidual" | "slashInvalid" | "verifiersCut" | "seatUnlockBlocks">;
}

export interface WorkedSeat {
  readonly taskId: bigint;
  readonly role: Role;
  readonly index: number;
  readonly worker: string;
}

/** A slot as this module sees it. */
export interface WorkedSlot {
  readonly positions: bigint;
  readonly head?: AnchoredHead | undefined;
  readonly state: { readonly kind: "open" | "late" | "fault" };
}

export interface WorkPorts {
  readonly bank: ModuleBank<typeof workAccounts>;
  /** pays a validator so that its delegators share it */
  readonly distribution: { pay<N extends string>(ctx: Context, bank: Payer<N>, pool: N, operator: string, amount: bigint): void };
  readonly staking: { byConsensusAddress(view: View, address: Uint8Array): { readonly operator: string } | undefined };
  readonly beacon: { at(view: View, height: bigint): Uint8Array | undefined };
  readonly tasks: {
    get(view: View, id: bigint): WorkedTask | undefined;
    must(view: View, id: bigint): WorkedTask;
    open(view: View): readonly WorkedTask[];
    /** A mining reward was minted for the task. */
    noteMinted(ctx: Context, id: bigint, amount: bigint): void;
  };
  readonly matching: {
    seat(view: View, taskId: bigint, role: Role, index: number): WorkedSeat | undefined;
    slash(ctx: Context, seat: WorkedSeat, ppm: number, options: { readonly bountyTo?: string }): bigint;
  };
  readonly supervision: {
    slot(view: View, taskId: bigint, slot: number): WorkedSlot | undefined;
    firstAtOrAbove(view: View, taskId: bigint, slot: number, seq: bigint): AnchoredHead | undefined;
    /** Iterations from + 1 … head.seq of the slot were anchored in block `height`. */
    advancesAt(view: View, height: bigint): readonly { readonly taskId: bigint; readonly slot: number; readonly from: bigint; readonly head: AnchoredHead }[];
    attesters(view: View, taskId: bigint, slot: number, head: AnchoredHead): number[];
    closeForFault(ctx: Context, taskId: bigint, slot: number, seq: bigint, code: VerdictCode): void;
    verifiedIterations(view: View, taskId: bigint, slot: number): bigint;
  };
}

export interface AuditRequest {
  readonly taskId: bigint;
  readonly slot: number;
  readonly seq: bigint;
  readonly head: AnchoredHead;
  readonly submitter: string;
  /** taken from the submitter here */
  readonly deposit: bigint;
}

export interface WorkKeeper {
  params(view: View): Params;
  /** Blocks that draws, claims and two verdicts may look back on, of the open tasks and of one created now. */
  history(view: View): bigint;
  /** undecided jobs, ascending id: the oldest first */
  openJobs(view: View): Job[];
  /** every job of the task is decided or lapsed */
  settled(view: View, taskId: bigint): boolean;
  /** an open job is of iterations that this head anchored */
  refersTo(view: View, taskId: bigint, slot: number, headSeq: bigint): boolean;
  /** The slot's open claims, which its conviction makes moot. */
  lapseClaims(ctx: Context, taskId: bigint, slot: number): void;
  job(view: View, id: bigint): Job | undefined;
  /** the same, as the generated Job: for queries and verifiers */
  wireJob(view: View, id: bigint): WireJob | undefined;
  /** operator → (job, validator) pairs of the task whose verdict agrees with the decision */
  agreeing(view: View, taskId: bigint): Map<string, bigint>;
  totals(view: View, taskId: bigint): WorkTotals;
  /** anchored iterations that count as verified work; none after a fault */
  verifiedIterations(view: View, taskId: bigint, slot: number): bigint;
  /** the audit of this iteration that is open or was decided, by job id */
  auditOf(view: View, taskId: bigint, slot: number, seq: bigint): bigint | undefined;
  requestAudit(ctx: Context, request: AuditRequest): bigint;
  /** the target in force in block `height`: of the newest block, the next one, and about a claim window back */
  targetAt(view: View, height: bigint): bigint | undefined;
}
