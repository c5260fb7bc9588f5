/**
 * Errors of gRPC queries as the Cosmos SDK gives them over ABCI: a gRPC status in the log, and of the codes only those
 * for an invalid request (18), a missing key (22) and anything else (6). Clients look for `code = NotFound`.
 */
import { ModuleError, sdk } from "#kernel/errors.js";

export const status = (code: "InvalidArgument" | "NotFound" | "Unknown" | "Internal", desc: string): string => `rpc error: code = ${code} desc = ${desc}`;

/** The registered text stands at the end of every message; the status has its own. */
const without = (text: string, message: string): string => (message.endsWith(`: ${text}`) ? message.slice(0, -text.length - 2) : message);

/** Undefined for what no request explains: a fault of this program. */
export function grpcError(e: unknown): ModuleError | undefined {
  if (e instanceof ModuleError) {
    if (e.message.startsWith("rpc error: ")) return e;
    if (e.codespace === "sdk") {
      switch (e.code) {
        case sdk.invalidAddress.code:
          return sdk.invalidRequest(status("InvalidArgument", `invalid address: ${without(sdk.invalidAddress.text, e.message)}`));
        case sdk.invalidCoins.code:
        case sdk.invalidRequest.code:
          return sdk.invalidRequest(status("InvalidArgument", without(sdk.invalidRequest.text, e.message)));
        case sdk.keyNotFound.code:
          return sdk.keyNotFound(status("NotFound", without(sdk.keyNotFound.text, e.message)));
      }
    }
    // A registered error is its own status, whose text has no such beginning.
    return sdk.unknownRequest(e.message);
  }
  // As decoders throw; the SDK gives an error without a status the code of an invalid request too.
  if (e instanceof RangeError || (e instanceof Error && e.constructor === Error)) return sdk.invalidRequest(e.message);
  return undefined;
}

/** Runs a gRPC handler; throws what the SDK would answer. */
export function asGrpc<T>(run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw grpcError(e) ?? e;
  }
}

/** A simulation that failed, over gRPC. */
export const simulationError = (log: string, gasUsed: bigint): ModuleError => sdk.unknownRequest(status("Unknown", `${log} with gas used: '${gasUsed}'`));
