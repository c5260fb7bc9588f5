import { defineError } from "#kernel/errors.js";

export const workErrors = {
  unknownTask: defineError("work", 2, "no task has this id"),
  wrongPhase: defineError("work", 3, "the task's phase does not take this message"),
  notYourSlot: defineError("work", 4, "only the miner of a slot claims its iterations"),
  slotClosed: defineError("work", 5, "the slot is closed for a fault"),
  badHeader: defineError("work", 6, "header is not the canonical encoding of an iteration of this slot"),
  alreadyClaimed: defineError("work", 7, "this iteration was claimed before"),
  notAnchored: defineError("work", 8, "no anchored head covers this iteration"),
  tooEarly: defineError("work", 9, "the iteration is not drawn yet; claim from the block after the draw"),
  tooLate: defineError("work", 10, "the claim window has passed"),
  wrongHead: defineError("work", 11, "head_header is not the first anchored head at or above the iteration"),
  badProof: defineError("work", 12, "the proof does not place the header in the anchored head's log"),
  notLucky: defineError("work", 13, "the iteration did not win its draw"),
  tooManyJobs: defineError("work", 14, "too many verification jobs are open; claim again within the window"),
  nothingToMint: defineError("work", 15, "the task's mining rewards are used up"),
  unknownJob: defineError("work", 16, "no job has this id"),
  tooManyOfTask: defineError("work", 17, "a quarter of all open claims are of this task; claim again within the window"),
  tooManyOfSlot: defineError("work", 18, "too many claims of this slot are open; claim again within the window"),
};
