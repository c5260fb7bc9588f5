/**
 * Errors without a code that a transaction met. The transaction's result says "internal error" and nothing more, the same
 * on every node; what it was is told here, in this node's log.
 */
import { type Logger } from "#platform/log.js";

/** Different places told of in the life of a process: whoever finds one may send it a million times. */
const MOST = 100;

export function unexpectedLog(log: Pick<Logger, "error">): (error: unknown, mode: string) => void {
  const told = new Set<string>();
  return (error, mode) => {
    const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
    // The frames without the message, which may hold what the transaction's sender chose.
    const place = stack.slice(stack.indexOf("\n    at "));
    if (told.has(place) || told.size >= MOST) return;
    told.add(place);
    log.error("a transaction failed for a reason that has no code", { code: "internal", mode, error: message, stack });
  };
}
