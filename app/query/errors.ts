/**
 * Errors of gRPC queries as the Cosmos SDK gives them over ABCI: a gRPC status in the log, and of the codes only those
 * for an invalid request (18), a missing key (22) and anything else (6). Clients look for `code = NotFound`.
 */
import { ModuleError, sdk } from "#kernel/errors.js";
import { CallError } from "#net/errors.js";

/** The codes of gRPC by their names, as far as a query may end with them. */
const CODES = { Unknown: 2, InvalidArgument: 3, DeadlineExceeded: 4, NotFound: 5, ResourceExhausted: 8, FailedPrecondition: 9, Unimplemented: 12, Internal: 13, Unavailable: 14 } as const;

export const status = (code: keyof typeof CODES, desc: string): string => `rpc error: code = ${code} desc = ${desc}`;

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

const STATUS = /^rpc error: code = (\w+) desc = (.*)$/s;
/** What stands behind a status where ABCI gives it. */
const WRAPPED = [sdk.invalidRequest, sdk.keyNotFound, sdk.unknownRequest];

/**
 * Of what a method of the table throws, as gRPC and REST have it: a status of its own. The Cosmos SDK calls much unknown or internal
 * (500) that only the request is to blame for; here that is an invalid argument (400), but for transactions that were tried and failed,
 * whose status wallets know. What no request explains is told without its text.
 */
export function callError(e: unknown): CallError {
  if (e instanceof CallError) return e;
  if (!(e instanceof ModuleError)) return new CallError(CODES.Internal, "internal error");
  const suffix = WRAPPED.find((k) => k.code === e.code && k.codespace === e.codespace)?.text;
  const [, name, desc] = STATUS.exec(e.message) ?? [];
  if (name === undefined || desc === undefined) return new CallError(CODES.InvalidArgument, e.code === sdk.unknownRequest.code && suffix !== undefined ? without(suffix, e.message) : e.message);
  const told = suffix === undefined ? desc : without(suffix, desc);
  const code = CODES[name as keyof typeof CODES] ?? CODES.Unknown;
  const blamed = code === CODES.Internal || (code === CODES.Unknown && /tx parse error/.test(told));
  return new CallError(blamed ? CODES.InvalidArgument : code, told);
}

const thrown = (e: unknown): never => {
  throw grpcError(e) ?? e;
};

/** Runs a gRPC handler; throws, or rejects with, what the SDK would answer. */
export function asGrpc<T>(run: () => T): T {
  try {
    const answer = run();
    return answer instanceof Promise ? (answer.catch(thrown) as T) : answer;
  } catch (e) {
    return thrown(e);
  }
}

/** A simulation that failed, over gRPC. */
export const simulationError = (log: string, gasUsed: bigint): ModuleError => sdk.unknownRequest(status("Unknown", `${log} with gas used: '${gasUsed}'`));
