/** What must hold of signing infos after every block. */
import type { Invariants } from "#kernel/module.js";
import { infos, missedBlocks } from "./store.js";

export const slashingInvariants: Invariants = {
  /** A validator's counter is the number of its missed places. */
  counters(ctx) {
    for (const { key: [raw], value: { address, missedBlocksCounter } } of infos.entries(ctx)) {
      const places = missedBlocks.keys(ctx, { prefix: [raw] }).length;
      if (BigInt(places) !== missedBlocksCounter) return `${address} has ${missedBlocksCounter} missed blocks by its counter, ${places} by their places`;
    }
    return undefined;
  },
};
