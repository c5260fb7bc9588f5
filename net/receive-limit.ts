/**
 * How large a message a caller may send. grpc-js knows one limit for a whole server; the pinned version keeps it in each
 * call's decoder, where this lowers it by method, and raises it again for a caller that has shown who it is.
 */
import { type ServerInterceptor } from "@grpc/grpc-js";

interface Limited {
  maxReceiveMessageSize: number;
  decoder: { maxReadMessageLength: number };
}

function limit(call: unknown, bytes: number): void {
  const c = call as Partial<Limited> | undefined;
  if (typeof c?.decoder?.maxReadMessageLength !== "number") throw new Error("this version of grpc-js keeps its receive limit elsewhere: adapt net/receive-limit.ts");
  c.maxReceiveMessageSize = bytes;
  c.decoder.maxReadMessageLength = bytes;
}

/** Limits by the method's path; a method that is not listed has the server's own. */
export const limitRequests =
  (limits: ReadonlyMap<string, number>): ServerInterceptor =>
  (method, call) => {
    const bytes = limits.get(method.path);
    if (bytes !== undefined) limit(call, bytes);
    return call as never;
  };

/** From here on, on this stream. */
export const setReceiveLimit = (stream: unknown, bytes: number): void => limit((stream as { call?: unknown }).call, bytes);
