/**
 * Ranking and payout (protocol section 12). One floor per amount; what the floors leave goes to the client, but slashed
 * money, which is burned.
 */
import { u64be } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import { Outcome, Payout, Phase, Role, type Seat, SlotStatus, type Task } from "#proto/gen/pouw.js";
import { minersPayout, ppmOf } from "#protocol/tasks/payout.js";
import { standingScore } from "#protocol/tasks/scores.js";
import { payouts, reveals, scores, submissions } from "./store.js";
import type { EvaluationPorts } from "./types.js";

interface Ranking {
  /** by slot; undefined after a fault */
  readonly metrics: readonly (bigint | undefined)[];
  readonly byWork: boolean;
  /** more than half of the drawn found the test set unusable */
  readonly unusable: boolean;
}

function rank(ports: EvaluationPorts, ctx: View, t: Task): Ranking {
  const slots = ports.slots.slots(ctx, t.id);
  // A worker drawn twice speaks for both of its seats, or its honest values could never be more than half of the drawn.
  const seats = ports.seats.seats(ctx, t.id, Role.ROLE_EVALUATOR);
  const drawn = seats.length;
  const revealed = seats.flatMap((s) => reveals.get(ctx, t.id, s.worker) ?? []).filter((r) => r.revealed);
  const unusable = 2 * revealed.filter((r) => r.scores.length === 0).length > drawn;
  const faultless = slots.map((s) => s.status !== SlotStatus.SLOT_CLOSED_FAULT);
  const standing = slots.map((s) => standingScore(s.slot, drawn, revealed.map((r) => r.scores)));
  const byWork = t.rankedByWork || unusable || slots.some((_, i) => faultless[i] && standing[i] === undefined);
  return { metrics: slots.map((_, i) => (faultless[i] ? (byWork ? 0n : standing[i]) : undefined)), byWork, unusable };
}

export function pay(ports: EvaluationPorts, ctx: Context, t: Task): void {
  const p = ports.params.get(ctx);
  const ranking = rank(ports, ctx, t);
  const slots = ports.slots.slots(ctx, t.id);
  const work = slots.map((s) => ports.slots.verifiedIterations(ctx, t.id, s.slot) * t.flop);
  const hidden = t.testKey.length === 0 || ranking.unusable;

  const pot = t.fee - t.burned + t.slashedToPot;
  const made: Payout[] = [];
  const give = (what: string, address: string, role: Role, index: number, amount: bigint) => {
    if (amount === 0n) return;
    ports.bank.fromPool(ctx, "tasks", address, amount);
    made.push({ address, role, amount, what, index });
  };
  /** The role's part where somebody has earned it; else it is the miners'. */
  const part = (share: number, earners: number): bigint => (earners > 0 ? ppmOf(pot, share) : 0n);

  const supervisors = ports.seats.seats(ctx, t.id, Role.ROLE_SUPERVISOR).filter((s) => !s.dropped && ports.slots.dutyDone(ctx, t, s.index));
  const revealed = new Set(reveals.list(ctx, u64be(t.id)).filter((r) => r.revealed).map((r) => r.evaluator));
  const evaluators = ports.seats.seats(ctx, t.id, Role.ROLE_EVALUATOR).filter((s) => revealed.has(s.worker));
  const verifiers = [...ports.work.agreeing(ctx, t.id)];
  const pairs = verifiers.reduce((n, [, count]) => n + count, 0n);

  const supervisorsPart = part(p.supervisorsShare, supervisors.length);
  const evaluatorsPart = part(p.evaluatorsShare, evaluators.length);
  const verifiersPart = part(p.verifiersShare, pairs > 0n ? 1 : 0);
  const minersPart = pot - supervisorsPart - evaluatorsPart - verifiersPart + (hidden ? t.bond : 0n);

  const miners = ports.seats.seats(ctx, t.id, Role.ROLE_MINER);
  const amounts = minersPayout(minersPart, p.rankShare, slots.map((_, i) => ({ metric: ranking.metrics[i], work: work[i] as bigint })));
  for (const seat of miners) give("miner", seat.worker, seat.role, seat.index, amounts[seat.index] ?? 0n);
  const equally = (what: string, list: readonly Seat[], whole: bigint) => {
    for (const s of list) give(what, s.worker, s.role, s.index, whole / BigInt(list.length));
  };
  equally("supervisor", supervisors, supervisorsPart);
  equally("evaluator", evaluators, evaluatorsPart);
  for (const [operator, count] of verifiers) give("verifier", operator, Role.ROLE_UNSPECIFIED, 0, (verifiersPart * count) / pairs);

  const whole = pot + (hidden ? t.bond : 0n);
  const left = whole - made.reduce((s, x) => s + x.amount, 0n);
  const burned = left < t.slashedToPot ? left : t.slashedToPot;
  if (burned > 0n) ports.bank.burn(ctx, "tasks", burned);
  give("client", t.client, Role.ROLE_UNSPECIFIED, 0, left - burned);
  if (!hidden) give("bond", t.client, Role.ROLE_UNSPECIFIED, 0, t.bond);
  made.forEach((x, i) => payouts.set(ctx, Payout.create(x), t.id, i));

  const best = bestSlot(ranking, work);
  if (!ranking.byWork) slots.forEach((s, i) => ranking.metrics[i] !== undefined && scores.set(ctx, { slot: s.slot, score: ranking.metrics[i] as bigint }, t.id, s.slot));
  ports.tasks.set(ctx, {
    ...t,
    phase: Phase.PHASE_CLOSED,
    phaseHeight: ctx.block.height,
    closedHeight: ctx.block.height,
    deadline: 0n,
    outcome: Outcome.OUTCOME_PAID,
    rankedByWork: ranking.byWork,
    bestSlot: best === undefined ? -1n : BigInt(best),
    bestClock: best === undefined ? [] : (submissions.get(ctx, t.id, best)?.clock ?? []),
    bestScore: best === undefined || ranking.byWork ? 0n : (ranking.metrics[best] as bigint),
    slashedBurned: t.slashedBurned + burned,
  });
  for (const x of made) ctx.emit(event("payout", { task: t.id, what: x.what, address: x.address, amount: x.amount }));
  ctx.emit(event("task_paid", { task: t.id, best_slot: best ?? -1, ranked_by_work: `${ranking.byWork}` }));
}

/** The highest score, or the most verified work; ties: the lowest slot. */
function bestSlot({ metrics, byWork }: Ranking, work: readonly bigint[]): number | undefined {
  let best: number | undefined;
  metrics.forEach((metric, slot) => {
    if (metric === undefined) return;
    const value = byWork ? (work[slot] as bigint) : metric;
    const than = best === undefined ? undefined : byWork ? (work[best] as bigint) : (metrics[best] as bigint);
    if (than === undefined || value > than) best = slot;
  });
  return best;
}
