/** The mempool's connection: CheckTx on a state of its own, from one commit to the next, and simulations on branches of it. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { sdk } from "#kernel/errors.js";
import { gasLimitOf, largestTransaction } from "./block/limits.js";
import { type Chain } from "./chain.js";
import { AppContext } from "./tx/context.js";
import { executeTx, type Execution, refused, type TxOutcome } from "./tx/execute.js";

interface CheckState {
  readonly ctx: AppContext;
  readonly denom: string;
  readonly longest: bigint;
}

export class Mempool {
  private state: CheckState | undefined;

  constructor(
    private readonly chain: Chain,
    private readonly execution: Execution,
    private readonly minGasPricePerMillion: bigint,
  ) {}

  /** After InitChain and after each commit: what was checked is checked again. */
  reset(): void {
    this.state = undefined;
  }

  private current(): CheckState {
    if (this.state) return this.state;
    const { chain } = this;
    const ctx = new AppContext(chain.environment, chain.next(), chain.base());
    const { staking } = chain.assembly.keepers;
    return (this.state = { ctx, denom: staking.params(ctx).bondDenom, longest: largestTransaction(chain.limits, staking.members(ctx).length) });
  }

  checkTx(r: abci.RequestCheckTx): abci.ResponseCheckTx {
    const { ctx, denom, longest } = this.current();
    const outcome =
      BigInt(r.tx.length) > longest
        ? refused(sdk.txTooLarge(`${r.tx.length} bytes, want at most ${longest}, or no block could hold it`))
        : executeTx(ctx, r.tx, "check", { ...this.execution, minGasPrice: { perMillion: this.minGasPricePerMillion, denom }, maxGas: gasLimitOf(this.chain.limits) });
    return abci.ResponseCheckTx.fromPartial({ ...outcome, data: Uint8Array.from(outcome.data), events: [] });
  }

  /** On a branch of the check state that is thrown away. */
  simulate(tx: Uint8Array): TxOutcome {
    return executeTx(this.current().ctx.branch(), tx, "simulate", { ...this.execution, maxGas: gasLimitOf(this.chain.limits) });
  }
}
