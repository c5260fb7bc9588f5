/** Queries answered where the application runs, for programs that make blocks for nobody: tests and replays. */
import { type ApplicationOptions } from "../application.js";
import { type AbciQueries, answerQuery } from "./abci.js";
import { answering } from "./answering.js";
import { type Engine } from "./engine.js";

const none = (): Promise<never> => Promise.reject(new Error("no engine runs here"));
/** Of a chain that no engine drives. */
export const noEngine: Engine = { tx: none, search: none, time: none, status: none, block: none, validators: none, query: none, broadcast: none };

export function answeredHere(engine: Engine = noEngine): ApplicationOptions["query"] {
  let queries: AbciQueries | undefined;
  return (r, { chain, simulate }) => {
    if (queries?.chain !== chain) queries = answering({ chain, simulate, engine, invariants: true, keepVersions: 400, minGasPricePerMillion: 0n });
    return answerQuery(r, queries);
  };
}
