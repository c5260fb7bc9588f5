/** Who could sign the blocks of late, with what is known of their headers: for clients of other chains. */
import type { Context } from "#kernel/context.js";
import { instantOf } from "#kernel/time.js";
import { BlockID, Header } from "#proto/gen/tendermint/types/types.js";
import { params } from "../params.js";
import { history, lastPowers } from "../store.js";
import { wireValidator } from "../wire.js";
import { validatorAt } from "./books.js";

/** At the beginning of a block. Entries beyond their number go, oldest first; with a smaller number some at a time. */
const PRUNED_AT_ONCE = 100;

export function trackHistory(ctx: Context): void {
  const { historicalEntries } = params.get(ctx);
  const { height, chainId, timeNs, proposer } = ctx.block;
  const kept = height - BigInt(historicalEntries);
  for (const [old] of history.keys(ctx, { below: [kept < 0n ? 0n : kept + 1n], limit: PRUNED_AT_ONCE })) history.delete(ctx, old);
  if (historicalEntries === 0) return;
  const header = Header.create({ chainId, height, time: instantOf(timeNs), lastBlockId: BlockID.create(), proposerAddress: proposer });
  const valset = lastPowers
    .keys(ctx)
    .flatMap(([operator]) => validatorAt(ctx, operator) ?? [])
    .sort((a, b) => (a.tokens === b.tokens ? 0 : a.tokens > b.tokens ? -1 : 1))
    .map((v) => wireValidator(ctx, v));
  history.set(ctx, { header, valset }, height);
}
