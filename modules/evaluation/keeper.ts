/**
 * The only writer of submissions, commitments, payments and scores.
 *
 * Invariant kept here: once a task has left Submission, every slot of it has a submission.
 */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { evaluationEvents } from "./events.js";
import { params } from "./params.js";
import { divide } from "./payout.js";
import { bestSlot, rank } from "./ranking.js";
import { commitments, payments, scores, submissions } from "./store.js";
import { type Commitment, type EvaluationKeeper, type EvaluationPorts, type Seat, type Slot, wireCommitment } from "./types.js";

/** A later submission takes the place of an earlier one. */
export const putSubmission = (ctx: Context, taskId: bigint, s: Submission): void => submissions.set(ctx, s, taskId, s.slot);

/** A commitment, or the same one opened. */
export const putCommitment = (ctx: Context, taskId: bigint, c: Commitment): void => commitments.set(ctx, c, taskId, c.evaluator);

/** What stood anchored of the slot when Training ended. */
export function finalSeq({ slot, finalSeq: seq }: Slot, taskId: bigint): bigint {
  if (seq === undefined) throw new Error(`evaluation: slot ${slot} of task ${taskId} still trains`);
  return seq;
}

export const evaluatorsOf = (ports: Pick<EvaluationPorts, "matching">, view: View, taskId: bigint): readonly Seat[] => ports.matching.seats(view, taskId, Role.ROLE_EVALUATOR);

export function evaluationKeeper(ports: EvaluationPorts): EvaluationKeeper {
  const submitted = (view: View, id: bigint): Submission[] => submissions.list(view, { prefix: [id] });
  const committed = (view: View, id: bigint): Commitment[] => commitments.list(view, { prefix: [id] });
  return {
    params: params.get,
    submissions: submitted,
    reveals: (view, id) => committed(view, id).map(wireCommitment),
    allSubmitted: (view, id) => ports.supervision.slots(view, id).every((s) => s.state.kind === "fault" || submissions.has(view, id, s.slot)),
    fillSubmissions(ctx, id) {
      const slots = ports.supervision.slots(ctx, id);
      const clock = slots.map((s) => finalSeq(s, id));
      for (const { slot } of slots) if (!submissions.has(ctx, id, slot)) putSubmission(ctx, id, { slot, clock, byDefault: true });
    },
    distinctClocks: (view, id) => BigInt(new Set(submitted(view, id).map((s) => s.clock.join(","))).size),
    allCommitted: (view, id) => evaluatorsOf(ports, view, id).every((s) => commitments.has(view, id, s.worker)),
    allRevealed: (view, id) => committed(view, id).every((c) => c.opened),
    slashAbsent(ctx, id, step) {
      const { slashNoShow, slashEvaluator } = ports.tasks.must(ctx, id).terms;
      for (const s of evaluatorsOf(ports, ctx, id)) {
        const c = commitments.get(ctx, id, s.worker);
        if (step === "commit" && !c) ports.matching.slash(ctx, s, slashNoShow, {});
        if (step === "reveal" && c && !c.opened) ports.matching.slash(ctx, s, slashEvaluator, {});
      }
    },
    pay(ctx, id, { byWork }) {
      const t = ports.tasks.must(ctx, id);
      const ranking = rank(ports, ctx, t, byWork);
      const { earned, burned, returned } = divide(ports, ctx, t, ranking);
      const slot = bestSlot(ranking);
      ports.tasks.close(ctx, id, {
        payments: earned.map(({ what, address, amount }) => ({ to: address, amount, ...(what === "verifier" ? { validator: true as const } : {}) })),
        burned,
        refunds: returned.map(({ amount }) => amount),
        rankedByWork: ranking.byWork,
        best: slot === undefined ? undefined : { slot, clock: clockOf(ctx, id, slot), score: ranking.byWork ? undefined : ranking.metrics[slot] },
      });
      const made = [...earned, ...returned];
      made.forEach((x, i) => payments.set(ctx, x, id, i));
      if (!ranking.byWork) {
        ranking.metrics.forEach((score, i) => {
          if (score !== undefined) scores.set(ctx, { slot: i, score }, id, i);
        });
      }
      for (const { what, address, amount } of made) ctx.emit(evaluationEvents.payout({ task: id, what, address, amount }));
      ctx.emit(evaluationEvents.paid({ task: id, best_slot: slot ?? -1, ranked_by_work: ranking.byWork }));
    },
  };
}

function clockOf(view: View, taskId: bigint, slot: number): readonly bigint[] {
  const s = submissions.get(view, taskId, slot);
  if (!s) throw new Error(`evaluation: slot ${slot} of task ${taskId} has no submission`);
  return s.clock;
}
