/** Failures of a call: one line, with gRPC's status. Nothing here needs gRPC: the bus in memory says the same. */

/** The codes of gRPC that are said here. */
export const Status = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

export class CallError extends Error {
  override readonly name = "CallError";
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export const notFound = (what: string): CallError => new CallError(Status.NOT_FOUND, what);
export const invalid = (what: string): CallError => new CallError(Status.INVALID_ARGUMENT, what);
export const refused = (what: string): CallError => new CallError(Status.PERMISSION_DENIED, what);
export const exhausted = (what: string): CallError => new CallError(Status.RESOURCE_EXHAUSTED, what);
export const unavailable = (what: string): CallError => new CallError(Status.UNAVAILABLE, what);
export const late = (what: string): CallError => new CallError(Status.DEADLINE_EXCEEDED, what);

/** What a caller is told: unknown errors keep their text to themselves. */
export const asCallError = (e: unknown): CallError => (e instanceof CallError ? e : new CallError(Status.INTERNAL, "internal error"));
