/** What must hold of the workers after every block. */
import type { Invariants } from "#kernel/module.js";
import { freeStake } from "./keeper.js";
import { params } from "./params.js";
import { drawable, unbondings, workers } from "./store.js";
import type { WorkersPorts } from "./types.js";

export const workersInvariants = (ports: WorkersPorts): Invariants => ({
  "the pool holds stakes and unbonding amounts"(ctx) {
    const all = workers.list(ctx).reduce((s, w) => s + w.stake, 0n) + unbondings.list(ctx).reduce((s, u) => s + u.amount, 0n);
    const pool = ports.bank.poolBalance(ctx, "workers");
    return pool === all ? undefined : `the pool has ${pool}, workers and unbondings have ${all}`;
  },
  "locked stake is at most the stake": (ctx) => workers.list(ctx).filter((w) => w.locked > w.stake).map((w) => `${w.address} has ${w.locked} of ${w.stake} locked`)[0],
  "who has free stake for a seat can be drawn, and nobody else"(ctx) {
    const { minSeatStake } = params.get(ctx);
    for (const [address] of drawable.keys(ctx)) {
      const w = workers.get(ctx, address);
      if (!w) return `${address} can be drawn and is no worker`;
      if (freeStake(w) < minSeatStake) return `${address} can be drawn with ${freeStake(w)} of ${minSeatStake} free`;
    }
    const missing = workers.list(ctx).find((w) => freeStake(w) >= minSeatStake && !drawable.has(ctx, w.address));
    return missing && `${missing.address} has ${freeStake(missing)} free and cannot be drawn`;
  },
});
