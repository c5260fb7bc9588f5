/** Puts the table of what can be asked together, over one chain and one engine. */
import { decText, ONE } from "#kernel/dec.js";
import { type QueryContext } from "#kernel/context.js";
import { type Chain } from "../chain.js";
import { decodeTx } from "../tx/decode.js";
import { invariantsAnswer } from "../invariants.js";
import { type TxOutcome } from "../tx/execute.js";
import { type AbciQueries } from "./abci.js";
import { type QueryLimits } from "./budget.js";
import { type Engine } from "./engine.js";
import { stateMethods, tableOf } from "./methods.js";
import { engineMethods } from "./services/engine.js";
import { nodeMethods } from "./services/node.js";
import { transactionMethods } from "./services/transactions.js";
import { contextAt } from "./state.js";

/** units of gas that a node's price is for */
const PER = 1_000_000n;

export interface AnsweringOptions {
  readonly chain: Chain;
  readonly engine: Engine;
  readonly simulate: (tx: Uint8Array) => TxOutcome;
  /** of what one query may read; absent: of what there is */
  readonly limits?: QueryLimits;
  /** whether anybody may ask for all of the state to be walked, once a block */
  readonly invariants: boolean;
  readonly keepVersions: number;
  /** this node's own price, base units for a million gas */
  readonly minGasPricePerMillion: bigint;
}

export function answering({ chain, engine, simulate, limits, invariants, keepVersions, minGasPricePerMillion }: AnsweringOptions): AbciQueries {
  const newest = (): bigint => chain.store.version;
  const at = (height: bigint): QueryContext => contextAt(chain, height, limits);
  const { assembly } = chain;
  const gasPrice = (): string => {
    const { amount, denom } = assembly.keepers.fees.least(at(0n), PER);
    const most = amount > minGasPricePerMillion ? amount : minGasPricePerMillion;
    return `${decText((most * ONE) / PER)}${denom}`;
  };
  return {
    chain,
    simulate,
    invariants: invariants ? invariantsAnswer(assembly.modules) : undefined,
    methods: tableOf(
      stateMethods(assembly.queries.values(), at),
      transactionMethods({ engine, simulate, check: (tx) => void decodeTx(tx, assembly.router), hash: chain.crypto, newest }),
      engineMethods({ engine, addresses: () => chain.environment.addresses, newest }),
      nodeMethods({ engine, gasPrice, keepVersions, oldest: () => chain.store.oldest, newest }),
    ),
  };
}
