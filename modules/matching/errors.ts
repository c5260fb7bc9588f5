/** Errors of `matching`. Code 1 is not used. */
import { defineError } from "#kernel/errors.js";

export const matchingErrors = {
  unknownTask: defineError("matching", 2, "no task has this id"),
  notDrawn: defineError("matching", 3, "the worker was not drawn for the task"),
  wrongPhase: defineError("matching", 4, "the task's phase does not take this message"),
  badKey: defineError("matching", 5, "a session key has 32 bytes"),
  badEndpoint: defineError("matching", 6, "an endpoint is host:port"),
  keyFixed: defineError("matching", 7, "the session key stands once Training has begun; the endpoint may change"),
};
