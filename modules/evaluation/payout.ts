/**
 * Who gets what of a task's pot (protocol section 12). One floor per amount; what the floors leave goes to the client, but
 * slashed money, which is burned.
 *
 * Invariant kept here: what is earned, burned and returned is all of the pot and the bond.
 */
import type { View } from "#kernel/store.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { minersPayout, ppmOf } from "#protocol/tasks/payout.js";
import type { Ranking } from "./ranking.js";
import { commitments } from "./store.js";
import type { EvaluationPorts, PaidFor, Payment, Seat, Task } from "./types.js";

/** Payments in the order in which they are made, those of 0 left out. What is burned stands between the two lists. */
export interface Division {
  readonly earned: readonly Payment[];
  readonly burned: bigint;
  /** to the client */
  readonly returned: readonly Payment[];
}

export function divide(ports: EvaluationPorts, view: View, t: Task, ranking: Ranking): Division {
  const { terms } = t;
  const hidden = t.testKey === undefined || ranking.unusable;
  const pot = t.fee - t.burned + t.slashedToPot;
  /** The role's part where somebody has earned it; else it is the miners'. */
  const part = (share: number, earned: boolean): bigint => (earned ? ppmOf(pot, share) : 0n);

  const supervisors = ports.matching.seats(view, t.id, Role.ROLE_SUPERVISOR).filter((s) => !s.dropped && ports.supervision.dutyDone(view, t, s.index));
  const revealed = new Set(commitments.list(view, { prefix: [t.id] }).filter((c) => c.opened).map((c) => c.evaluator));
  const evaluators = ports.matching.seats(view, t.id, Role.ROLE_EVALUATOR).filter((s) => revealed.has(s.worker));
  const verifiers = [...ports.work.agreeing(view, t.id)];
  const verdicts = verifiers.reduce((n, [, count]) => n + count, 0n);

  const supervisorsPart = part(terms.supervisorsShare, supervisors.length > 0);
  const evaluatorsPart = part(terms.evaluatorsShare, evaluators.length > 0);
  const verifiersPart = part(terms.verifiersShare, verdicts > 0n);
  // A client that hid its test set, or made one that is of no use, loses its bond to the miners.
  const minersPart = pot - supervisorsPart - evaluatorsPart - verifiersPart + (hidden ? t.bond : 0n);

  const amounts = minersPayout(minersPart, terms.rankShare, ranking.metrics.map((metric, i) => ({ metric, work: ranking.work[i] as bigint })));
  const earned = [
    ...ports.matching.seats(view, t.id, Role.ROLE_MINER).map((s) => toSeat("miner", s, amounts[s.index] ?? 0n)),
    ...equally("supervisor", supervisors, supervisorsPart),
    ...equally("evaluator", evaluators, evaluatorsPart),
    ...verifiers.map(([address, count]): Payment => ({ what: "verifier", address, amount: (verifiersPart * count) / verdicts })),
  ].filter(isSome);

  const left = pot + (hidden ? t.bond : 0n) - earned.reduce((s, x) => s + x.amount, 0n);
  const burned = left < t.slashedToPot ? left : t.slashedToPot;
  const toClient = (what: PaidFor, amount: bigint): Payment => ({ what, address: t.client, amount });
  return { earned, burned, returned: [toClient("client", left - burned), toClient("bond", hidden ? 0n : t.bond)].filter(isSome) };
}

const isSome = ({ amount }: Payment): boolean => amount > 0n;

const toSeat = (what: PaidFor, { worker, role, index }: Seat, amount: bigint): Payment => ({ what, address: worker, amount, seat: { role, index } });

const equally = (what: PaidFor, seats: readonly Seat[], whole: bigint): Payment[] => seats.map((s) => toSeat(what, s, whole / BigInt(seats.length)));
