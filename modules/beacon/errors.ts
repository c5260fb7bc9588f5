/** Errors of `beacon`. Code 1 is not used. */
import { defineError } from "#kernel/errors.js";

export const beaconErrors = {
  notValidator: defineError("beacon", 2, "only a validator of this chain registers a beacon key"),
  badKey: defineError("beacon", 3, "beacon key must be 48 bytes of a BLS12-381 G1 point"),
  badProof: defineError("beacon", 4, "proof of possession does not verify; sign H('pouw/beacon-possession/1'; key) with the key itself"),
  keyTaken: defineError("beacon", 5, "beacon key belongs to another validator; make a new one"),
  unknownHeight: defineError("beacon", 6, "no beacon is kept for this height"),
};
