/** Genesis of `workers`: who offers work, and what unbonds. Who can be drawn follows from that. */
import type { Context } from "#kernel/context.js";
import { defineGenesis, within } from "#kernel/genesis.js";
import { GenesisState } from "#proto/gen/pouw/workers/v1/genesis.js";
import type { Unbonding, Worker as WireWorker } from "#proto/gen/pouw/workers/v1/types.js";
import type { WorkersWriter } from "./keeper.js";
import { params } from "./params.js";
import { unbondings as stored, workers as kept } from "./store.js";
import { offerFault, parseWorker, wireWorker } from "./types.js";

/** One line that begins with the field; the address is one. */
function workerFault(ctx: Context, w: WireWorker): string | undefined {
  if (kept.has(ctx, w.address)) return `address: ${w.address} stands there twice`;
  const fault = offerFault(w);
  if (fault) return `${fault.field}: ${fault.what}`;
  if (w.locked > w.stake) return `locked: got ${w.locked}, want at most the stake, ${w.stake}`;
  return undefined;
}

function unbondingFault(ctx: Context, u: Unbonding, workers: ReadonlySet<string>): string | undefined {
  if (!workers.has(u.address)) return `address: ${JSON.stringify(u.address)} is no worker's`;
  if (stored.has(ctx, u.height, u.address)) return `height: ${u.address} has another one at ${u.height}; want their sum`;
  if (u.amount < 1n) return `amount: got ${u.amount}, want at least 1`;
  return undefined;
}

export const workersGenesis = (keeper: WorkersWriter) =>
  defineGenesis("workers", {
    codec: GenesisState,
    params,
    init(ctx, { workers, unbondings }, at) {
      for (const [i, w] of workers.entries()) {
        within(`${at}.workers[${i}].address`, () => ctx.addresses.parse(w.address));
        const fault = workerFault(ctx, w);
        if (fault) throw new Error(`${at}.workers[${i}].${fault}`);
        keeper.add(ctx, parseWorker(w));
      }
      const addresses = new Set(workers.map((w) => w.address));
      for (const [i, u] of unbondings.entries()) {
        const fault = unbondingFault(ctx, u, addresses);
        if (fault) throw new Error(`${at}.unbondings[${i}].${fault}`);
        keeper.addUnbonding(ctx, u);
      }
    },
    export: (ctx) => ({ workers: kept.list(ctx).map(wireWorker), unbondings: stored.list(ctx) }),
  });
