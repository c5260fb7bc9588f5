/** What must hold of the workers after every block. */
import type { Invariants } from "#kernel/module.js";
import { freeStake } from "./keeper.js";
import { byFreeStake, unbondings, workers } from "./store.js";
import type { WorkersPorts } from "./types.js";

export const workersInvariants = (ports: WorkersPorts): Invariants => ({
  "the pool holds stakes and unbonding amounts"(ctx) {
    const all = workers.list(ctx).reduce((s, w) => s + w.stake, 0n) + unbondings.list(ctx).reduce((s, u) => s + u.amount, 0n);
    const pool = ports.bank.poolBalance(ctx, "workers");
    return pool === all ? undefined : `the pool has ${pool}, workers and unbondings have ${all}`;
  },
  "locked stake is at most the stake": (ctx) => workers.list(ctx).filter((w) => w.locked > w.stake).map((w) => `${w.address} has ${w.locked} of ${w.stake} locked`)[0],
  "who has free stake is found by it, and nobody else"(ctx) {
    for (const [free, address] of byFreeStake.keys(ctx)) {
      const w = workers.get(ctx, address);
      if (!w) return `${address} can be drawn and is no worker`;
      if (freeStake(w) !== free) return `${address} can be drawn with ${free} and has ${freeStake(w)} free`;
    }
    const missing = workers.list(ctx).find((w) => freeStake(w) > 0n && !byFreeStake.has(ctx, freeStake(w), w.address));
    return missing && `${missing.address} has ${freeStake(missing)} free and cannot be drawn`;
  },
});
