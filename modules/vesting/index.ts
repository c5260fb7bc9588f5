/** `vesting`: messages that make accounts whose coins come free over time. The accounts are auth's, the coins bank's. */
import { defineModule } from "#kernel/module.js";
import { implementMsg } from "#kernel/services.js";
import { VestingMsg } from "#proto/gen/cosmos/vesting/v1beta1/tx.js";
import { vestingMessages } from "./messages.js";
import { type VestingPorts } from "./types.js";

export const vesting = defineModule({
  name: "vesting",
  create: (ports: VestingPorts) => ({
    keeper: {},
    messages: implementMsg("vesting", VestingMsg, vestingMessages(ports)),
    genesis: {
      init(_ctx, json) {
        if (json !== undefined && JSON.stringify(json) !== "{}") throw new Error("app_state.vesting: want {}: vesting accounts stand in app_state.auth.accounts");
      },
      export: () => ({}),
    },
  }),
});
