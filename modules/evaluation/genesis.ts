/**
 * What was submitted, scored and paid, by task, in genesis and in an export. Tasks and seats are there before: a record of
 * a task, slot or evaluator that is not, is refused.
 */
import type { Context } from "#kernel/context.js";
import { defineGenesis, type Genesis, inside, within } from "#kernel/genesis.js";
import { GenesisState, type TaskRecords } from "#proto/gen/pouw/evaluation/v1/genesis.js";
import type { ScoreReveal, SlotScore, Submission } from "#proto/gen/pouw/evaluation/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { isScoreCommit } from "#protocol/tasks/scores.js";
import { evaluatorsOf, putCommitment, putSubmission } from "./keeper.js";
import { params } from "./params.js";
import { commitments, payments, scores, submissions } from "./store.js";
import { type EvaluationPorts, parseCommitment, parsePayment, type Task, wireCommitment, wirePayment } from "./types.js";

export const evaluationGenesis = (ports: EvaluationPorts): Genesis =>
  defineGenesis("evaluation", {
    codec: GenesisState,
    params,
    init(ctx, state, at) {
      const seen = new Set<bigint>();
      state.tasks.forEach((records, i) => {
        inside(`${at}.tasks[${i}]`, () => {
          const t = ports.tasks.get(ctx, records.taskId);
          if (!t) throw new Error(`task_id: there is no task ${records.taskId}`);
          if (seen.has(t.id)) throw new Error(`task_id: task ${t.id} has records already`);
          seen.add(t.id);
          initTask(ports, ctx, t, records);
        });
      });
    },
    export(ctx) {
      const ids = [submissions, commitments, payments, scores].flatMap((map) => map.keys(ctx).map(([id]) => id));
      const ascending = [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1));
      return {
        tasks: ascending.map((taskId) => ({
          taskId,
          submissions: submissions.list(ctx, { prefix: [taskId] }),
          reveals: commitments.list(ctx, { prefix: [taskId] }).map(wireCommitment),
          payouts: payments.list(ctx, { prefix: [taskId] }).map(wirePayment),
          scores: scores.list(ctx, { prefix: [taskId] }),
        })),
      };
    },
  });

function initTask(ports: EvaluationPorts, ctx: Context, t: Task, records: TaskRecords): void {
  const each = <T>(field: string, list: readonly T[], check: (x: T) => string | undefined, put: (x: T, i: number) => void): void =>
    list.forEach((x, i) => {
      inside(`${field}[${i}]`, () => {
        const fault = check(x);
        if (fault) throw new Error(fault);
        put(x, i);
      });
    });
  const drawn = new Set(evaluatorsOf(ports, ctx, t.id).map((s) => s.worker));

  each("submissions", records.submissions, (s) => (submissions.has(ctx, t.id, s.slot) ? `slot: slot ${s.slot} has a submission already` : submissionFault(t, s)), (s) => putSubmission(ctx, t.id, s));
  each(
    "reveals",
    records.reveals,
    (r) => {
      if (!drawn.has(r.evaluator)) return `evaluator: ${r.evaluator} has no seat as an evaluator of task ${t.id}`;
      if (commitments.has(ctx, t.id, r.evaluator)) return `evaluator: ${r.evaluator} has committed already`;
      return revealFault(ctx, t, records.submissions, r);
    },
    (r) => putCommitment(ctx, t.id, parseCommitment(r)),
  );
  each(
    "payouts",
    records.payouts,
    ({ address, amount }) => {
      if (t.phase !== Phase.PHASE_CLOSED) return `amount: task ${t.id} is not closed`;
      within("address", () => ctx.addresses.parse(address));
      return amount > 0n ? undefined : "amount: got 0, want what was paid";
    },
    (p, i) => payments.set(ctx, parsePayment(p), t.id, i),
  );
  each(
    "scores",
    records.scores,
    ({ slot }) => slotFault(t, slot) ?? (scores.has(ctx, t.id, slot) ? `slot: slot ${slot} has a score already` : undefined),
    (s) => scores.set(ctx, s, t.id, s.slot),
  );
}

const slotFault = ({ spec }: Task, slot: number): string | undefined => (slot < spec.slots ? undefined : `slot: got ${slot}, want below ${spec.slots}`);

const submissionFault = (t: Task, { slot, clock }: Submission): string | undefined =>
  slotFault(t, slot) ?? (clock.length === t.spec.slots ? undefined : `clock: got ${clock.length} entries, want ${t.spec.slots}`);

function revealFault(ctx: Context, t: Task, submitted: readonly Submission[], { evaluator, commitment, revealed, salt, scores: given }: ScoreReveal): string | undefined {
  if (commitment.length !== 32) return `commitment: got ${commitment.length} bytes, want 32`;
  if (!revealed) return salt.length === 0 && given.length === 0 ? undefined : "revealed: is false, and there are a salt or scores";
  if (salt.length !== 32) return `salt: got ${salt.length} bytes, want 32`;
  const slots = (list: readonly Pick<SlotScore, "slot">[]): string => list.map((x) => x.slot).sort((a, b) => a - b).join(",");
  const ascending = given.every((s, i) => i === 0 || s.slot > (given[i - 1] as SlotScore).slot);
  if (given.length > 0 && (!ascending || slots(given) !== slots(submitted))) return `scores: got slots ${given.map((s) => s.slot).join(",")}, want ${slots(submitted)}`;
  const content = { taskId: t.id, address: ctx.addresses.parse(evaluator), salt, scores: given };
  return isScoreCommit(ctx.crypto, commitment, content) ? undefined : "commitment: salt and scores are not what was committed";
}
