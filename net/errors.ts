/** Failures of a call: one line, with gRPC's status. */
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";

export class CallError extends Error {
  override readonly name = "CallError";
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export const notFound = (what: string): CallError => new CallError(status.NOT_FOUND, what);
export const invalid = (what: string): CallError => new CallError(status.INVALID_ARGUMENT, what);
export const refused = (what: string): CallError => new CallError(status.PERMISSION_DENIED, what);
export const exhausted = (what: string): CallError => new CallError(status.RESOURCE_EXHAUSTED, what);
export const unavailable = (what: string): CallError => new CallError(status.UNAVAILABLE, what);

/** What a handler threw, as gRPC sends it: unknown errors keep their text to themselves. */
export function asServiceError(e: unknown): ServiceError {
  const known = e instanceof CallError;
  const text = known ? e.message : "internal error";
  return Object.assign(new Error(text), { code: known ? e.code : status.INTERNAL, details: text, metadata: new Metadata() });
}
