/**
 * ABCI answers in the order of the questions, so a slow answer holds all others up, and daemons ask there. What is asked of the
 * engine has little time, and no more than half of it: who wants more of that asks by gRPC or REST, where nobody waits behind it.
 */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { sdk } from "#kernel/errors.js";
import { status } from "../errors.js";

/** how long one such question may take, ms */
const PATIENCE_MS = 1_000;
/** Answers' time that may be used at once, ms; as much passes as is given back. */
const BURST_MS = 2_000;

type Answer = abci.ResponseQuery | Promise<abci.ResponseQuery>;

export class Elsewhere {
  /** Paths whose answers were waited for. */
  private readonly paths = new Set<string>();
  private used = 0;
  private at = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Answers what `run` does, or that it takes too long. */
  answer(path: string, run: () => Answer): Answer {
    const began = this.now();
    this.used = Math.max(0, this.used - (began - this.at));
    this.at = began;
    if (this.paths.has(path) && this.used > BURST_MS) return refused("ResourceExhausted", "the engine is asked too often by way of ABCI queries: ask its RPC server, gRPC or REST, or wait a second");
    const answer = run();
    if (!(answer instanceof Promise)) return answer;
    this.paths.add(path);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<abci.ResponseQuery>((resolve) => {
      timer = setTimeout(() => resolve(refused("DeadlineExceeded", `the engine did not answer in ${PATIENCE_MS} ms, which is all that an ABCI query gives it: ask its RPC server, gRPC or REST`)), PATIENCE_MS);
    });
    return Promise.race([answer, late]).finally(() => {
      clearTimeout(timer);
      this.used += 2 * (this.now() - began); // of which half has been given back meanwhile
    });
  }
}

function refused(code: "ResourceExhausted" | "DeadlineExceeded", text: string): abci.ResponseQuery {
  const { codespace, code: number, message } = sdk.unknownRequest(status(code, text));
  return abci.ResponseQuery.fromPartial({ codespace, code: number, log: message });
}
