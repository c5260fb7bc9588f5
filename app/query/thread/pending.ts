/**
 * What simulations run on: the newest state with what the transactions wrote that wait in the mempool, so that whoever sends
 * several in one block can try the next one.
 */
import { gasLimitOf } from "../../block/limits.js";
import { type Chain } from "../../chain.js";
import { type Change } from "../../store/index.js";
import { AppContext } from "../../tx/context.js";
import { executeTx, type TxOutcome } from "../../tx/execute.js";

export class Pending {
  private ctx: AppContext | undefined;

  constructor(private readonly chain: Chain) {}

  /** After each commit: what waits is checked again. */
  reset(): void {
    this.ctx = undefined;
  }

  add(changes: ReadonlyMap<string, readonly Change[]>): void {
    if (!this.chain.head) return;
    const ctx = this.current();
    for (const [name, list] of changes) {
      const store = ctx.store(name);
      for (const { key, value } of list) {
        if (value === undefined) store.delete(key);
        else store.set(key, value);
      }
    }
  }

  /** Never throws for what a transaction holds or does. */
  simulate(tx: Uint8Array): TxOutcome {
    const { router, keepers } = this.chain.assembly;
    return executeTx(this.current().branch(), tx, "simulate", { router, deps: keepers, blockGas: gasLimitOf(this.chain.limits) });
  }

  private current(): AppContext {
    return (this.ctx ??= new AppContext(this.chain.environment, this.chain.next(), this.chain.base()));
  }
}
