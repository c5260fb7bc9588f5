/**
 * The mempool's connection: CheckTx on a state of its own, from one commit to the next, and simulations on branches of it.
 *
 * The engine hands a proposer what waits in the order in which it came, up to a block's gas and bytes. So that what a deadline
 * waits for is always among it, no more of all else is let in than a block has room for beside the lane; who comes when that is
 * full is told so (sdk code 20), as by a full mempool of the engine, and may come again after the next block.
 */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { sdk } from "#kernel/errors.js";
import { urgentSigner } from "./block/lane.js";
import { gasLimitOf, largestTransaction, MAX_URGENT, ordinaryRoom, type Room, wireSize } from "./block/limits.js";
import { type Chain } from "./chain.js";
import { type Change } from "./store/index.js";
import { AppContext } from "./tx/context.js";
import { executeTx, type Execution, refused, type TxOutcome } from "./tx/execute.js";

interface CheckState {
  readonly ctx: AppContext;
  readonly longest: bigint;
  /** transactions in the lane that wait, by signer */
  readonly urgentOf: Map<string, number>;
  /** what is left of the next block's room beside the lane */
  readonly room: { bytes: bigint; gas: bigint | undefined; empty: boolean };
}

export class Mempool {
  private state: CheckState | undefined;

  constructor(
    private readonly chain: Chain,
    private readonly execution: Execution,
    private readonly minGasPricePerMillion: bigint,
    /** told of what a transaction that was let in wrote, before the next one is looked at */
    private readonly told: (changes: ReadonlyMap<string, readonly Change[]>) => void = () => {},
  ) {}

  /** After InitChain and after each commit: what was checked is checked again. */
  reset(): void {
    this.state = undefined;
  }

  private current(): CheckState {
    if (this.state) return this.state;
    const { chain } = this;
    const ctx = new AppContext(chain.environment, chain.next(), chain.base());
    const { staking, fees } = chain.assembly.keepers;
    const longest = largestTransaction(chain.limits, staking.members(ctx).length);
    const lane = fees.params(ctx).laneShare;
    const room: Room = ordinaryRoom(chain.limits, longest, lane);
    return (this.state = { ctx, longest, urgentOf: new Map(), room: { ...room, empty: true } });
  }

  checkTx(r: abci.RequestCheckTx): abci.ResponseCheckTx {
    const outcome = this.checked(r.tx, r.type === abci.CheckTxType.RECHECK);
    return abci.ResponseCheckTx.fromPartial({ ...outcome, data: Uint8Array.from(outcome.data), events: [] });
  }

  private checked(tx: Uint8Array, again: boolean): TxOutcome {
    const { ctx, longest, room, urgentOf } = this.current();
    if (BigInt(tx.length) > longest) return refused(sdk.txTooLarge(`${tx.length} bytes, want at most ${longest}, or no block could hold it`));
    const { keepers, router } = this.chain.assembly;
    const by = urgentSigner(ctx, keepers, router, tx);
    const sent = by === undefined ? 0 : (urgentOf.get(by) ?? 0);
    const urgent = by !== undefined && sent < MAX_URGENT;
    const size = wireSize(tx);
    const full = (gas: bigint): boolean => !urgent && !again && !room.empty && (size > room.bytes || (room.gas !== undefined && gas > room.gas));
    if (full(0n)) return refused(sdk.mempoolFull("what waits fills the next block; send it again after that"));
    const branch = ctx.branch();
    const outcome = executeTx(branch, tx, "check", { ...this.execution, minGasPrice: this.minGasPricePerMillion, blockGas: gasLimitOf(this.chain.limits) });
    if (outcome.code !== 0) return outcome;
    if (full(outcome.gasWanted)) return refused(sdk.mempoolFull("what waits fills the next block; send it again after that, or ask for less gas"));
    this.told(branch.changes());
    branch.commit();
    if (urgent) urgentOf.set(by, sent + 1);
    else {
      room.empty = false;
      room.bytes -= size;
      if (room.gas !== undefined) room.gas -= outcome.gasWanted;
    }
    return outcome;
  }

  /** On a branch of the check state that is thrown away. */
  simulate(tx: Uint8Array): TxOutcome {
    return executeTx(this.current().ctx.branch(), tx, "simulate", { ...this.execution, blockGas: gasLimitOf(this.chain.limits) });
  }
}
