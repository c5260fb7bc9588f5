/** The message of `beacon`. The ante handler has authenticated `validator`. */
import type { MsgHandlers } from "#kernel/services.js";
import type { BeaconMsg } from "#proto/gen/pouw/beacon/v1/tx.js";
import { beaconErrors } from "./errors.js";
import type { BeaconWriter } from "./keeper.js";
import { type BeaconPorts, parseRegisterBeaconKey } from "./types.js";

/** Of a key's proof: a pairing and the checks of two points (bench/gas-costs.ts). */
export const GAS_PER_PROOF = 400_000n;

export const beaconMessages = (ports: BeaconPorts, keeper: BeaconWriter): MsgHandlers<typeof BeaconMsg> => ({
  registerBeaconKey(ctx, wire) {
    // A look-up costs less than a pairing.
    if (!ports.staking.byOperator(ctx, wire.validator)) throw beaconErrors.notValidator(wire.validator);
    ctx.gas.consume(GAS_PER_PROOF, "beacon key");
    keeper.register(ctx, parseRegisterBeaconKey(ctx.crypto, wire));
    return {};
  },
});
