/**
 * The only writer of workers. Invariant kept here: the pool "workers" holds exactly all stakes and all unbonding amounts; a
 * worker's locked stake is at most its stake; who has free stake, and nobody else, stands in the index of it.
 */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { View } from "#kernel/store.js";
import { workersErrors } from "./errors.js";
import { workersEvents } from "./events.js";
import { params } from "./params.js";
import { byFreeStake, unbondings, workers } from "./store.js";
import type { Offer, Unbonding, Worker, WorkersKeeper, WorkersPorts } from "./types.js";

export interface WorkersWriter extends WorkersKeeper {
  /** Throws unknown. */
  must(view: View, address: string): Worker;
  /** Of genesis, which has checked it. */
  add(ctx: Context, w: Worker): void;
  /** Of genesis, which has checked it. */
  addUnbonding(ctx: Context, u: Unbonding): void;
  /** A new worker, whose stake goes to the pool. */
  register(ctx: Context, address: string, offer: Offer, stake: bigint): void;
  /** What the worker offers from now on. */
  offer(ctx: Context, w: Worker, offer: Offer): void;
  addStake(ctx: Context, w: Worker, amount: bigint): void;
  /** Answers the height that pays it. Throws notFree. */
  unbond(ctx: Context, w: Worker, amount: bigint): bigint;
  /** At the end of a block: what is due. */
  pay(ctx: Context): void;
}

/** Stake in no seat. */
export const freeStake = (w: Worker): bigint => w.stake - w.locked;

export function workersKeeper(ports: WorkersPorts): WorkersWriter {
  const put = (ctx: Context, before: Worker | undefined, w: Worker): void => {
    workers.set(ctx, w, w.address);
    const [was, free] = [before ? freeStake(before) : 0n, freeStake(w)];
    if (was === free) return;
    if (was > 0n) byFreeStake.delete(ctx, was, w.address);
    if (free > 0n) byFreeStake.add(ctx, free, w.address);
  };

  const keeper: WorkersWriter = {
    params: (view) => params.get(view),
    get: (view, address) => workers.get(view, address),
    must(view, address) {
      const w = workers.get(view, address);
      if (!w) throw workersErrors.unknown(`${address}: register first`);
      return w;
    },
    all: (view) => workers.list(view),
    withFreeStake: (view) => byFreeStake.keys(view, { from: [params.get(view).minSeatStake] }).map(([, address]) => keeper.must(view, address)),
    lockSeat(ctx, address, stake) {
      const w = workers.get(ctx, address);
      if (!w || w.seats >= w.maxSeats || freeStake(w) < stake) return false;
      put(ctx, w, { ...w, seats: w.seats + 1, locked: w.locked + stake });
      return true;
    },
    unlockSeat(ctx, address, stake) {
      const w = keeper.must(ctx, address);
      if (w.seats < 1 || w.locked < stake) throw sdk.logic(`unlocking ${stake} of ${address}, which has ${w.seats} seats and ${w.locked} locked`);
      put(ctx, w, { ...w, seats: w.seats - 1, locked: w.locked - stake });
    },
    takeLocked(ctx, address, amount, to) {
      const w = keeper.must(ctx, address);
      if (w.locked < amount) throw sdk.logic(`taking ${amount} of ${address}, which has ${w.locked} locked`);
      put(ctx, w, { ...w, stake: w.stake - amount, locked: w.locked - amount });
      ports.bank.betweenPools(ctx, "workers", to, amount);
    },

    add: (ctx, w) => put(ctx, undefined, w),
    addUnbonding: (ctx, u) => unbondings.set(ctx, u, u.height, u.address),
    register(ctx, address, offer, stake) {
      ports.bank.toPool(ctx, address, "workers", stake);
      put(ctx, undefined, { ...offer, address, stake, locked: 0n, seats: 0 });
      ctx.emit(workersEvents.registered({ worker: address, stake, roles: offer.roles.join(",") }));
    },
    offer(ctx, w, offer) {
      workers.set(ctx, { ...w, ...offer }, w.address);
      ctx.emit(workersEvents.updated({ worker: w.address }));
    },
    addStake(ctx, w, amount) {
      ports.bank.toPool(ctx, w.address, "workers", amount);
      put(ctx, w, { ...w, stake: w.stake + amount });
      ctx.emit(workersEvents.stakeAdded({ worker: w.address, amount }));
    },
    unbond(ctx, w, amount) {
      const { address } = w;
      if (amount > freeStake(w)) throw workersErrors.notFree(`got ${amount}, free are ${freeStake(w)}`);
      const height = ctx.block.height + params.get(ctx).unbondBlocks;
      put(ctx, w, { ...w, stake: w.stake - amount });
      const before = unbondings.get(ctx, height, address)?.amount ?? 0n;
      unbondings.set(ctx, { address, amount: before + amount, height }, height, address);
      ctx.emit(workersEvents.unbonding({ worker: address, amount, height }));
      return height;
    },
    pay(ctx) {
      // What is not due yet is not read.
      for (const { height, address, amount } of unbondings.list(ctx, { below: [ctx.block.height + 1n] })) {
        unbondings.delete(ctx, height, address);
        ports.bank.fromPool(ctx, "workers", address, amount);
        ctx.emit(workersEvents.unbonded({ worker: address, amount }));
      }
    },
  };
  return keeper;
}
