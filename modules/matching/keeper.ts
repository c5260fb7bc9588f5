/**
 * The only writer of seats. Invariant kept here: what is left of the stakes of the seats that a worker holds is what the
 * worker has locked, and just these seats stand below it in the index.
 */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { View } from "#kernel/store.js";
import { ppmOf } from "#protocol/tasks/payout.js";
import { makeDraw } from "./draw.js";
import { matchingEvents } from "./events.js";
import { params } from "./params.js";
import { held, seats } from "./store.js";
import { type MatchingKeeper, type MatchingPorts, type Seat, type SeatId, wireSeat } from "./types.js";

export interface MatchingWriter extends MatchingKeeper {
  /** Of genesis or a draw: a seat that was empty. */
  add(ctx: Context, s: Seat): void;
  /** The worker comes, or comes again with another key or endpoint. */
  join(ctx: Context, s: Seat, as: { readonly sessionKey: Uint8Array; readonly endpoint?: string }): void;
  /** At the beginning of a block: keeps who can be drawn in it. */
  look(ctx: Context): void;
}

const put = (ctx: Context, s: Seat): void => seats.set(ctx, s, s.taskId, s.role, s.index);

function must(view: View, { taskId, role, index }: SeatId): Seat {
  const s = seats.get(view, taskId, role, index);
  if (!s) throw sdk.logic(`task ${taskId} has no seat ${index} of role ${role}`);
  return s;
}

/** The seats that a worker holds, of all tasks or of one. */
export const seatsHeld = (view: View, prefix: [worker: string] | [worker: string, taskId: bigint]): Seat[] =>
  held.keys(view, { prefix }).flatMap(([, task, role, index]) => seats.get(view, task, role, index) ?? []);

export function matchingKeeper(ports: MatchingPorts): MatchingWriter {
  const release = (ctx: Context, s: Seat): void => {
    if (!s.held) throw sdk.logic(`seat ${s.index} of role ${s.role} in task ${s.taskId} was unlocked before`);
    const amount = s.stake - s.slashed;
    ports.workers.unlockSeat(ctx, s.worker, amount);
    held.delete(ctx, s.worker, s.taskId, s.role, s.index);
    ctx.emit(matchingEvents.unlocked({ task: s.taskId, role: s.role, seat: s.index, worker: s.worker, amount }));
  };

  const keeper: MatchingWriter = {
    params: (view) => params.get(view),
    seats: (view, taskId, role) => seats.list(view, { prefix: role === undefined ? [taskId] : [taskId, role] }),
    wireSeats: (view, taskId) => keeper.seats(view, taskId).map(wireSeat),
    seat: (view, taskId, role, index) => seats.get(view, taskId, role, index),
    sits: (view, worker, taskId) => held.first(view, { prefix: [worker, taskId] }) !== undefined,
    byWorker: (view, taskId, worker) => seatsHeld(view, [worker, taskId]),

    confirm: (ctx, seat) => put(ctx, { ...must(ctx, seat), confirmed: true }),
    noteAnchor: (ctx, seat) => put(ctx, { ...must(ctx, seat), lastAnchor: ctx.block.height }),
    drop: (ctx, seat) => put(ctx, { ...must(ctx, seat), dropped: true }),
    slash(ctx, { taskId, role, index }, ppm, { bountyTo } = {}) {
      const s = seats.get(ctx, taskId, role, index);
      // A seat whose stake was given back has nothing to lose.
      if (!s?.held) return 0n;
      const left = s.stake - s.slashed;
      const due = ppmOf(s.stake, ppm);
      const amount = due < left ? due : left;
      if (amount === 0n) return 0n;
      ports.workers.takeLocked(ctx, s.worker, amount, "tasks");
      put(ctx, { ...s, slashed: s.slashed + amount });
      const to = bountyTo !== undefined && keeper.byWorker(ctx, taskId, bountyTo).length === 0 ? bountyTo : undefined;
      const bounty = to === undefined ? 0n : ppmOf(amount, ports.tasks.must(ctx, taskId).terms.equivocationBounty);
      const parts = ports.tasks.addSlashed(ctx, taskId, amount, to !== undefined && bounty > 0n ? { to, amount: bounty } : undefined);
      ctx.emit(matchingEvents.slash({ task: taskId, role, seat: index, worker: s.worker, amount, burned: parts.burned, pot: parts.pot, bounty: parts.bounty }));
      return amount;
    },
    unlock(ctx, seat) {
      const s = must(ctx, seat);
      release(ctx, s);
      put(ctx, { ...s, held: false });
    },
    vacate(ctx, seat) {
      const s = must(ctx, seat);
      release(ctx, s);
      seats.delete(ctx, s.taskId, s.role, s.index);
    },
    fill: (ctx, task, roles) => draw.fill(ctx, task, roles),

    add(ctx, s) {
      put(ctx, s);
      if (s.held) held.add(ctx, s.worker, s.taskId, s.role, s.index);
    },
    join(ctx, s, { sessionKey, endpoint }) {
      const { endpoint: _, ...before } = s;
      put(ctx, { ...before, joined: true, sessionKey, ...(endpoint === undefined ? {} : { endpoint }) });
    },
    look: (ctx) => draw.look(ctx),
  };
  const draw = makeDraw(ports, keeper);
  return keeper;
}
