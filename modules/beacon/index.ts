/**
 * `beacon`: one random value a block, from the proposer's unique signature (protocol section 8), and the keys that validators
 * sign it with.
 *
 * The block pipeline has checked the signature of transaction 0; where that failed it hands over no bytes, and the chain
 * of values goes on without.
 */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { BeaconQuery } from "#proto/gen/pouw/beacon/v1/query.js";
import { BeaconMsg } from "#proto/gen/pouw/beacon/v1/tx.js";
import { beaconErrors } from "./errors.js";
import { beaconEvents } from "./events.js";
import { beaconGenesis } from "./genesis.js";
import { beaconInvariants } from "./invariants.js";
import { beaconKeeper } from "./keeper.js";
import { beaconMessages } from "./messages.js";
import { beaconQueries } from "./queries.js";
import { store } from "./store.js";
import type { BeaconKeeper, BeaconPorts } from "./types.js";

export { GAS_PER_PROOF } from "./messages.js";
export { KEY_DELAY, possessionMessage, verifyPossession } from "./keys.js";
export type { BeaconKeeper, BeaconPorts } from "./types.js";

export const beacon = defineModule({
  name: "beacon",
  store,
  errors: beaconErrors,
  events: beaconEvents,
  create(ports: BeaconPorts) {
    const writer = beaconKeeper(ports);
    const keeper: BeaconKeeper = writer;
    return {
      keeper,
      messages: implementMsg("beacon", BeaconMsg, beaconMessages(ports, writer)),
      queries: implementQuery(BeaconQuery, beaconQueries(keeper)),
      genesis: beaconGenesis(ports, writer),
      beginBlock: (ctx) => writer.advance(ctx),
      invariants: beaconInvariants(ports),
    };
  },
});
