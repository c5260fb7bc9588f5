import { defineError } from "#kernel/errors.js";

export const supervisionErrors = {
  unknownTask: defineError("supervision", 2, "no task has this id"),
  wrongPhase: defineError("supervision", 3, "the task's phase does not take this message"),
  notSupervisor: defineError("supervision", 4, "only a seated supervisor of the task may send this"),
  dropped: defineError("supervision", 5, "this supervisor was dropped for silence"),
  unknownSlot: defineError("supervision", 6, "the task has no such slot"),
  seqOutOfRange: defineError("supervision", 7, "sequence number does not fit the slot's positions"),
  badHash: defineError("supervision", 8, "a header hash has 32 bytes"),
  badSignature: defineError("supervision", 9, "signature of the head is not by the slot's session key"),
  unknownHead: defineError("supervision", 10, "no supervisor put this head on chain; list it under heads with its signature"),
  repeatedSlot: defineError("supervision", 11, "a list names a slot once, slots ascending"),
  notAnchored: defineError("supervision", 12, "no anchored head covers this iteration"),
  tooOld: defineError("supervision", 13, "the iteration was anchored too long ago for an audit request"),
  tooManyRequests: defineError("supervision", 14, "a supervisor may request two audits per anchor interval"),
  alreadyAudited: defineError("supervision", 15, "an audit of this iteration exists"),
  slotClosed: defineError("supervision", 16, "the slot is closed for a fault"),
  notEquivocation: defineError("supervision", 17, "equivocation is two different hashes of one sequence number"),
  beyondRunAhead: defineError("supervision", 19, "the head is further ahead of the lowest anchored round than run_ahead allows"),
  alreadyReported: defineError("supervision", 18, "equivocation of this slot was reported before"),
};
