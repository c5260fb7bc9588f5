/** Queries of `beacon`. */
import type { QueryHandlers } from "#kernel/services.js";
import type { BeaconQuery } from "#proto/gen/pouw/beacon/v1/query.js";
import { beaconErrors } from "./errors.js";
import { keys } from "./store.js";
import { type BeaconKeeper, wireBeaconKey } from "./types.js";

export const beaconQueries = (keeper: BeaconKeeper): QueryHandlers<typeof BeaconQuery> => ({
  beacon(ctx, { height: asked }) {
    if (asked === 0n) {
      const { height, value } = keeper.latest(ctx);
      return { height, beacon: value };
    }
    const beacon = keeper.at(ctx, asked);
    if (!beacon) throw beaconErrors.unknownHeight(`height ${asked}`);
    return { height: asked, beacon };
  },
  keys: (ctx) => ({ keys: keys.list(ctx).map(wireBeaconKey) }),
});
