/**
 * What `evaluation` keeps, what it needs of other modules, and what it offers them. Ports are read at call time.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { Payout, type Params, type ScoreReveal, type SlotScore, type Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import type { Slot as WireSlot } from "#proto/gen/pouw/supervision/v1/types.js";
import type { EvaluationStep, Phase, Task as WireTask, Terms } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { WorkTotals } from "#proto/gen/pouw/work/v1/types.js";

/** What an evaluator committed to, and then opened. No scores at all say that the test set is unusable. */
export interface Commitment {
  readonly evaluator: string;
  /** 32 bytes */
  readonly commitment: Uint8Array;
  readonly opened?: { readonly salt: Uint8Array; readonly scores: SlotScore[] };
}

export const parseCommitment = ({ evaluator, commitment, revealed, salt, scores }: ScoreReveal): Commitment => ({ evaluator, commitment, opened: revealed ? { salt, scores } : undefined });

export const wireCommitment = ({ evaluator, commitment, opened }: Commitment): ScoreReveal => ({
  evaluator,
  commitment,
  revealed: opened !== undefined,
  salt: opened?.salt ?? new Uint8Array(0),
  scores: opened?.scores ?? [],
});

/** What Payout pays for. */
export const PAID_FOR = ["miner", "supervisor", "evaluator", "verifier", "client", "bond"] as const;
export type PaidFor = (typeof PAID_FOR)[number];

/** A payment made at Payout. */
export interface Payment {
  readonly what: PaidFor;
  readonly address: string;
  readonly amount: bigint;
  /** of a worker: what it was paid for */
  readonly seat?: { readonly role: Role; readonly index: number };
}

/** Throws one line that begins with the field for what is no payment of Payout. */
export function parsePayment({ what, address, amount, role, index }: Payout): Payment {
  const known = PAID_FOR.find((x) => x === what);
  if (!known) throw new Error(`what: got ${JSON.stringify(what)}, want ${PAID_FOR.join(", ")}`);
  return { what: known, address, amount, seat: role === Role.ROLE_UNSPECIFIED ? undefined : { role, index } };
}

export const wirePayment = ({ what, address, amount, seat }: Payment): Payout => Payout.create({ what, address, amount, ...seat });

/** What `evaluation` reads of a task. */
export interface Task {
  readonly id: bigint;
  readonly client: string;
  readonly spec: { readonly slots: number };
  readonly phase: Phase;
  readonly evaluationStep?: EvaluationStep;
  readonly fee: bigint;
  readonly bond: bigint;
  readonly burned: bigint;
  readonly slashedToPot: bigint;
  readonly flop: bigint;
  readonly testKey?: Uint8Array;
  /** parameters of its creation */
  readonly terms: Pick<Terms, "supervisorsShare" | "evaluatorsShare" | "verifiersShare" | "rankShare" | "slashNoShow" | "slashEvaluator">;
}

/** What `evaluation` reads of a seat. */
export interface Seat {
  readonly taskId: bigint;
  readonly role: Role;
  readonly index: number;
  readonly worker: string;
  readonly dropped: boolean;
}

/** What `evaluation` reads of a slot. */
export interface Slot {
  readonly slot: number;
  readonly state: { readonly kind: "open" | "late" | "fault" };
  /** anchored when Training ended, so there when models are submitted */
  readonly finalSeq?: bigint;
}

export interface EvaluationPorts {
  readonly tasks: {
    get(view: View, id: bigint): Task | undefined;
    must(view: View, id: bigint): Task;
    /** not closed, ascending */
    open(view: View): readonly Task[];
    wire(view: View, id: bigint): WireTask | undefined;
    /** Pays out of the pool "tasks", in this order: payments, what is burned, refunds to the client. Closes the task. */
    close(
      ctx: Context,
      id: bigint,
      closing: {
        readonly payments: readonly { readonly to: string; readonly amount: bigint; readonly validator?: true }[];
        readonly burned: bigint;
        readonly refunds: readonly bigint[];
        readonly rankedByWork: boolean;
        readonly best?: { readonly slot: number; readonly clock: readonly bigint[]; readonly score?: bigint };
      },
    ): void;
  };
  readonly matching: {
    /** miners by slot, then supervisors, then evaluators */
    seats(view: View, taskId: bigint, role?: Role): readonly Seat[];
    slash(ctx: Context, seat: Seat, ppm: number, options: { readonly bountyTo?: string }): bigint;
  };
  readonly supervision: {
    /** ascending */
    slots(view: View, taskId: bigint): readonly Slot[];
    /** seated to the end, with attested heads at or above every final one */
    dutyDone(view: View, task: { readonly id: bigint }, supervisorIndex: number): boolean;
    /** anchored iterations that count as verified work: none after a fault */
    verifiedIterations(view: View, taskId: bigint, slot: number): bigint;
    wire(view: View, taskId: bigint): WireSlot[];
  };
  readonly work: {
    /** operator → verdicts on the task's jobs that agree with the decision */
    agreeing(view: View, taskId: bigint): ReadonlyMap<string, bigint>;
    totals(view: View, taskId: bigint): WorkTotals;
  };
}

export interface EvaluationKeeper {
  params(view: View): Params;
  /** by slot */
  submissions(view: View, taskId: bigint): Submission[];
  /** as the generated messages, for queries */
  reveals(view: View, taskId: bigint): ScoreReveal[];
  /** every slot without a fault has: one that was closed late is ranked too */
  allSubmitted(view: View, taskId: bigint): boolean;
  /** the last anchored heads for every slot that did not submit */
  fillSubmissions(ctx: Context, taskId: bigint): void;
  distinctClocks(view: View, taskId: bigint): bigint;
  /** every drawn evaluator has committed */
  allCommitted(view: View, taskId: bigint): boolean;
  /** everyone who committed has revealed */
  allRevealed(view: View, taskId: bigint): boolean;
  slashAbsent(ctx: Context, taskId: bigint, step: "commit" | "reveal"): void;
  /** Ranks and pays; tasks.close closes the task. `byWork`: whatever was scored does not count. */
  pay(ctx: Context, taskId: bigint, how: { readonly byWork: boolean }): void;
}
