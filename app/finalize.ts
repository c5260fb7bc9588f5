/**
 * FinalizeBlock computes and Commit persists: nothing is written to disk in between, so a crash anywhere leaves the last
 * committed block. FinalizeBlock may be called again for the same height.
 */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams as EngineParams } from "cosmjs-types/tendermint/types/params";
import { compareBytes, EMPTY, equalBytes } from "#kernel/bytes.js";
import { type BlockInfo } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { ConsensusParams } from "#proto/gen/tendermint/types/params.js";
import { checkBlockData, isBlockData } from "./block/block-data.js";
import { lastCommitOf, misbehaviourOf, nanoseconds } from "./block/commit.js";
import { eventsOf, inMode } from "./block/events.js";
import { type Head, writeHead } from "./block/head.js";
import { urgentSigner } from "./block/lane.js";
import { BlockGas, gasLimitOf, limitsOf } from "./block/limits.js";
import { type Chain } from "./chain.js";
import { type Faults } from "./faults.js";
import { factsOf } from "./proposal.js";
import { type Overlay, type MultiStore } from "./store/index.js";
import { type Change, type Prepared } from "./store/types.js";
import { AppContext } from "./tx/context.js";
import { executeTx, type Execution, refused } from "./tx/execute.js";

export interface FinalizeOptions {
  readonly execution: Execution;
  readonly store: Pick<MultiStore, "prepare">;
  readonly faults: Faults;
}

/** A block that was computed and waits for Commit. */
export interface Pending {
  readonly prepared: Prepared;
  readonly head: Head;
}

export function finalizeBlock(chain: Chain, o: FinalizeOptions, r: abci.RequestFinalizeBlock): { readonly response: abci.ResponseFinalizeBlock; readonly pending: Pending } {
  o.faults.crash("before-finalize");
  const overlay = chain.base();
  const timeNs = nanoseconds(r.time);
  const lastCommit = lastCommitOf(r.decidedLastCommit);
  const { assembly, limits } = chain;
  const verdict = checkBlockData(chain.view(overlay), assembly.keepers, factsOf(chain, r.height, r.proposerAddress, lastCommit), r.txs[0]);
  const block: BlockInfo = {
    chainId: chain.head?.chainId ?? "",
    height: r.height,
    timeMs: timeNs / 1_000_000n,
    timeNs,
    proposer: Uint8Array.from(r.proposerAddress),
    lastCommit,
    misbehaviour: misbehaviourOf(r.misbehavior),
    beaconSignature: verdict.ok ? verdict.beaconSignature : EMPTY,
    // Without transaction 0 nobody's extension counts.
    extensions: verdict.ok ? verdict.extensions : lastCommit.votes.map(() => EMPTY),
  };
  const ctx = new AppContext(chain.environment, block, overlay);
  const engine = assembly.keepers.consensus.params(ctx);
  assembly.beginBlock(ctx);
  const { keepers } = assembly;
  const blockGas = gasLimitOf(limits);
  const gas = new BlockGas(limits, keepers.fees.lane(ctx, blockGas ?? 0n));
  const execution = { ...o.execution, blockGas };
  const begun = ctx.events.length;
  const txResults = r.txs.map((tx, i) => {
    if (i === 0 && isBlockData(tx, lastCommit.votes.length)) return abci.ExecTxResult.fromPartial({ code: 0 });
    const urgent = urgentSigner(ctx, keepers, assembly.router, tx) !== undefined;
    const outcome = gas.admits(urgent) ? executeTx(ctx, tx, "deliver", execution) : refused(sdk.outOfGas("no block gas left to run tx"));
    gas.add(outcome, urgent);
    return abci.ExecTxResult.fromPartial({ ...outcome, events: eventsOf(outcome.events) });
  });
  assembly.endBlock(ctx);
  const updates = assembly.modules.flatMap((m) => m.validatorUpdates?.(ctx) ?? []);

  const nextEngine = assembly.keepers.consensus.params(ctx);
  const head: Head = { chainId: block.chainId, height: r.height, timeMs: block.timeMs, timeNs, proposer: block.proposer, prefix: chain.environment.addresses.prefix, limits: limitsOf(nextEngine) };
  writeHead(overlay, head);
  const changes = chain.ahead ? mergeChanges(chain.ahead, overlay) : overlay.changes();
  const prepared = o.store.prepare(r.height, changes);
  o.faults.crash("after-finalize");
  const response = abci.ResponseFinalizeBlock.fromPartial({
    // Those of transactions are in their own results.
    events: eventsOf([...inMode(ctx.events.slice(0, begun), "BeginBlock"), ...inMode(ctx.events.slice(begun), "EndBlock")]),
    txResults,
    validatorUpdates: updates.map((u) => ({ pubKey: { ed25519: u.key }, power: u.power })),
    consensusParamUpdates: engineUpdate(engine, nextEngine),
    appHash: prepared.appHash,
  });
  return { response, pending: { prepared, head } };
}

/**
 * What the engine is told where something changed; it applies it from the next block on. Never when vote extensions begin,
 * since the engine stops over any change of that, nor the application's version, which headers have from the program.
 */
function engineUpdate(before: ConsensusParams, { block, evidence, validator }: ConsensusParams): EngineParams | undefined {
  const after = ConsensusParams.encode({ ...before, block, evidence, validator });
  return equalBytes(ConsensusParams.encode(before), after) ? undefined : EngineParams.fromPartial({ block, evidence, validator });
}

/** Genesis is part of version 1, and migrations are of the block behind them: both's writes, last value of each key. */
function mergeChanges(ahead: Overlay, block: Overlay): Map<string, readonly Change[]> {
  const merged = new Map<string, readonly Change[]>(ahead.changes());
  for (const [name, list] of block.changes()) {
    const before = merged.get(name) ?? [];
    const written = new Set(list.map((c) => Buffer.from(c.key).toString("hex")));
    const all = [...before.filter((c) => !written.has(Buffer.from(c.key).toString("hex"))), ...list];
    merged.set(name, all.sort((a, b) => compareBytes(a.key, b.key)));
  }
  return merged;
}
