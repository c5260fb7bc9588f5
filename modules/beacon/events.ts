/** Events of `beacon`. */
import { defineEvent } from "#kernel/events.js";

export const beaconEvents = {
  beacon: defineEvent("beacon", "height", "beacon", "signed"),
  keyRegistered: defineEvent("beacon_key_registered", "validator", "key", "effective"),
  keyEffective: defineEvent("beacon_key_effective", "validator", "key"),
};
