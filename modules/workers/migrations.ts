/** From the states of former versions. */
import type { Context } from "#kernel/context.js";
import type { Migration } from "#kernel/module.js";
import { freeStake } from "./keeper.js";
import { byFreeStake, FORMERLY_DRAWABLE, store, workers } from "./store.js";

/** Who can be drawn was an index by one least stake; it is by free stake, so that the least can be changed. */
function indexFreeStake(ctx: Context): void {
  const kv = ctx.store(store.name);
  // Collected first: a store is not written while it is walked.
  const former = [...kv.iterate(Uint8Array.of(FORMERLY_DRAWABLE), Uint8Array.of(FORMERLY_DRAWABLE + 1))];
  for (const [key] of former) kv.delete(key);
  for (const w of workers.list(ctx)) if (freeStake(w) > 0n) byFreeStake.add(ctx, freeStake(w), w.address);
}

export const workersMigrations: readonly Migration[] = [{ from: 1, run: indexFreeStake }];
