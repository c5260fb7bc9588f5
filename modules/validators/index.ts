/** `validators`: the set named in genesis, whose power counts while the beacon has a key of each. */
import { defineModule } from "#kernel/module.js";
import { implementQuery } from "#kernel/services.js";
import { ValidatorsQuery } from "#proto/gen/pouw/validators/v1/query.js";
import { validatorsEvents } from "./events.js";
import { validatorsGenesis } from "./genesis.js";
import { validatorsInvariants } from "./invariants.js";
import { validatorsKeeper } from "./keeper.js";
import { validatorsQueries } from "./queries.js";
import { store } from "./store.js";
import type { ValidatorsKeeper, ValidatorsPorts } from "./types.js";

export type { Member, Validator, ValidatorsKeeper, ValidatorsPorts } from "./types.js";

export const validators = defineModule({
  name: "validators",
  store,
  events: validatorsEvents,
  create(ports: ValidatorsPorts) {
    const writer = validatorsKeeper(ports);
    const keeper: ValidatorsKeeper = writer;
    return {
      keeper,
      queries: implementQuery(ValidatorsQuery, validatorsQueries(keeper)),
      genesis: validatorsGenesis(writer),
      validatorUpdates: (ctx) => writer.updates(ctx),
      invariants: validatorsInvariants,
    };
  },
});
