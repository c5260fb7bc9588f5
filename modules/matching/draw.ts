/**
 * Draws of empty seats, by the beacon of the block and over stakes as they were at the end of the block before, so that no
 * last-minute stake steers a draw.
 */
import type { Context } from "#kernel/context.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { drawSeats, fitPpm } from "#protocol/draws/match.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { matchingEvents } from "./events.js";
import { seats } from "./store.js";
import type { Candidate, DrawnTask, MatchingPorts, Seat, SeatRole } from "./types.js";

export interface Draw {
  /** At the beginning of a block, before anything of it: keeps who can be drawn. */
  look(ctx: Context): void;
  /** Draws what is empty. True when every seat of these roles is taken. */
  fill(ctx: Context, task: DrawnTask, roles: readonly Role[]): boolean;
}

/** Phases in which seats are drawn, or that can enter such a phase within a block. */
const DRAWING: readonly Phase[] = [Phase.PHASE_REGISTRATION, Phase.PHASE_INITIALISATION, Phase.PHASE_SETTLING, Phase.PHASE_EVALUATION];

/** How many seats of a role a task has. */
export function seatCount(role: SeatRole, { slots, supervisors, evaluators }: Pick<DrawnTask["spec"], "slots" | "supervisors" | "evaluators">): number {
  return role === Role.ROLE_MINER ? slots : role === Role.ROLE_SUPERVISOR ? supervisors : evaluators;
}

const stakeOf = (role: SeatRole, { miner, supervisor, evaluator }: DrawnTask["seatStakes"]): bigint =>
  role === Role.ROLE_MINER ? miner : role === Role.ROLE_SUPERVISOR ? supervisor : evaluator;

/** Only miners compute in the task's profile: supervisors compute nothing, and evaluation is always exact. */
const profileOf = (role: SeatRole, { profile }: DrawnTask["spec"]): string => (role === Role.ROLE_MINER ? profile : EXACT_PROFILE);

export function makeDraw(ports: MatchingPorts, keeper: { add(ctx: Context, s: Seat): void }): Draw {
  /** of one block only: written at its beginning, read at its end */
  let snapshot: { readonly height: bigint; readonly workers: readonly Candidate[] } | undefined;

  function fillRole(ctx: Context, task: DrawnTask, role: SeatRole): boolean {
    const { id: taskId, spec } = task;
    const { height } = ctx.block;
    const empty: number[] = [];
    for (let index = 0; index < seatCount(role, spec); index++) if (!seats.has(ctx, taskId, role, index)) empty.push(index);
    if (empty.length === 0) return true;
    const beacon = ports.beacon.at(ctx, height);
    if (!beacon || snapshot?.height !== height) return false;
    const stake = stakeOf(role, task.seatStakes);
    const memory = ports.tasks.memory(ctx, taskId);
    const elsewhere = new Set(seats.list(ctx, { prefix: [taskId] }).filter((s) => s.role !== role).map((s) => s.worker));
    const fits = (w: Candidate): boolean =>
      w.roles.includes(role) && w.profiles.includes(profileOf(role, spec)) && w.memory >= memory && w.minFee <= task.fee && w.address !== task.client && !elsewhere.has(w.address);
    const candidates = snapshot.workers
      .filter(fits)
      .map((w) => ({ address: ctx.addresses.parse(w.address), freeStake: w.stake - w.locked, seats: w.maxSeats - w.seats, fit: fitPpm(w.preferences, spec.properties) }));
    const drawn = drawSeats(ctx.crypto, { beacon, taskId, role, count: empty.length, seatStake: stake, candidates });
    let taken = 0;
    drawn.forEach((c, i) => {
      const worker = ctx.addresses.format(c.address);
      const index = empty[i] as number;
      // Free stake that has gone since the snapshot: the seat is drawn anew in the next block.
      if (!ports.workers.lockSeat(ctx, worker, stake)) return;
      taken++;
      keeper.add(ctx, { taskId, role, index, worker, stake, slashed: 0n, held: true, drawnHeight: height, joined: false, confirmed: false, dropped: false });
      ctx.emit(matchingEvents.drawn({ task: taskId, role, seat: index, worker, stake }));
    });
    return taken === empty.length;
  }

  return {
    look(ctx) {
      const wanted = ports.tasks.open(ctx).some((t) => DRAWING.includes(t.phase));
      snapshot = wanted ? { height: ctx.block.height, workers: ports.workers.withFreeStake(ctx) } : undefined;
    },
    fill(ctx, task, roles) {
      let full = true;
      for (const role of roles) {
        if (role !== Role.ROLE_MINER && role !== Role.ROLE_SUPERVISOR && role !== Role.ROLE_EVALUATOR) throw new Error(`matching: role ${role} has no seats`);
        full = fillRole(ctx, task, role) && full;
      }
      return full;
    },
  };
}
