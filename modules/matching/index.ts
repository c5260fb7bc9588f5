/**
 * `matching`: seats of a task, drawn by the beacon over stakes as they were at the end of the block before (so that no
 * last-minute stake steers a draw), locked, joined, slashed and given back.
 */
import { defineModule } from "#kernel/module.js";
import { implementMsg, implementQuery } from "#kernel/services.js";
import { MatchingQuery } from "#proto/gen/pouw/matching/v1/query.js";
import { MatchingMsg } from "#proto/gen/pouw/matching/v1/tx.js";
import { matchingErrors } from "./errors.js";
import { matchingEvents } from "./events.js";
import { matchingGenesis } from "./genesis.js";
import { matchingInvariants } from "./invariants.js";
import { matchingKeeper } from "./keeper.js";
import { matchingMessages } from "./messages.js";
import { matchingQueries } from "./queries.js";
import { store } from "./store.js";
import type { MatchingKeeper, MatchingPorts } from "./types.js";

export type { MatchingKeeper, MatchingPorts, Seat } from "./types.js";

export const matching = defineModule({
  name: "matching",
  store,
  errors: matchingErrors,
  events: matchingEvents,
  create(ports: MatchingPorts) {
    const writer = matchingKeeper(ports);
    const keeper: MatchingKeeper = writer;
    return {
      keeper,
      messages: implementMsg("matching", MatchingMsg, matchingMessages(ports, writer)),
      queries: implementQuery(MatchingQuery, matchingQueries(keeper)),
      genesis: matchingGenesis(ports, writer),
      beginBlock: (ctx) => writer.look(ctx),
      invariants: matchingInvariants(ports),
    };
  },
});
