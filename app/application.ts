/**
 * The ABCI application: what CometBFT asks, handed to the file of its connection and step. Nothing here relies on
 * PrepareProposal or ProcessProposal having been called.
 */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { EMPTY } from "#kernel/bytes.js";
import { type Crypto } from "#kernel/crypto.js";
import { type View } from "#kernel/store.js";
import { noSnapshots } from "./abci/snapshots.js";
import { type AbciApplication } from "./abci/types.js";
import { type Assembly } from "./assemble.js";
import { type Head } from "./block/head.js";
import { Chain } from "./chain.js";
import { type Faults } from "./faults.js";
import { finalizeBlock, type Pending } from "./finalize.js";
import { initChain } from "./genesis/init-chain.js";
import { Mempool } from "./mempool.js";
import { prepareProposal, processProposal } from "./proposal.js";
import { answerStoreQuery } from "./query/abci.js";
import { type Change, type MultiStore } from "./store/index.js";
import { type Execution, type TxOutcome } from "./tx/execute.js";
import type { UpgradeFault } from "./upgrade.js";
import { APP_VERSION, VERSION } from "./version.js";
import { extendVote, verifyVoteExtension } from "./vote.js";

export type { Head } from "./block/head.js";

export interface ApplicationOptions {
  readonly store: MultiStore;
  readonly modules: Assembly;
  readonly crypto: Crypto;
  /** signs the beacon message; only a proposer needs it */
  readonly signBeacon: (message: Uint8Array) => Uint8Array;
  /** finished verdicts on open jobs, encoded and within the limits; never waits */
  readonly extension: (state: View) => Uint8Array;
  /** called after each commit, and once at start, with the committed state */
  readonly committed: (state: () => View, head: Head) => void;
  readonly minGasPricePerMillion: bigint;
  readonly faults: Faults;
  /** answers what is no proof of the store: elsewhere, so that no question holds a block up */
  readonly query: (r: abci.RequestQuery, o: QueryPorts) => abci.ResponseQuery | Promise<abci.ResponseQuery>;
  /** told of what each transaction that the mempool let in wrote */
  readonly checked?: (changes: ReadonlyMap<string, readonly Change[]>) => void;
  /** told of every error without a code that a transaction meets */
  readonly unexpected?: (error: unknown, mode: string) => void;
  /** told of the upgrade that the next block begins with */
  readonly migrated?: (steps: readonly string[]) => void;
  /** height of an upgrade that no vote planned (app/upgrade.ts) */
  readonly migrateAt?: bigint;
  /** told after a commit that the next block is another program's; whatever is asked of that block is refused too */
  readonly stopped?: (fault: UpgradeFault) => void;
}

/** For who answers queries where the application runs. */
export interface QueryPorts {
  readonly chain: Chain;
  readonly simulate: (tx: Uint8Array) => TxOutcome;
}

export class Application implements AbciApplication {
  private readonly chain: Chain;
  private readonly execution: Execution;
  private readonly mempool: Mempool;
  private pending: Pending | undefined;

  constructor(private readonly o: ApplicationOptions) {
    this.chain = new Chain(o.store, o.modules, o.crypto).open(o.migrated, o.migrateAt);
    this.execution = { router: o.modules.router, deps: o.modules.keepers, ...(o.unexpected ? { unexpected: o.unexpected } : {}) };
    this.mempool = new Mempool(this.chain, this.execution, o.minGasPricePerMillion, o.checked);
    if (this.chain.head) o.committed(() => this.chain.view(this.chain.base()), this.chain.head);
  }

  /** Before the first block the app hash is that of nothing, as in the Cosmos SDK; InitChain says the same, or the engine would not go on. */
  info(): abci.ResponseInfo {
    const { version, appHash } = this.o.store;
    return abci.ResponseInfo.fromPartial({ data: "pouwd", version: VERSION, appVersion: APP_VERSION, lastBlockHeight: version, lastBlockAppHash: version === 0n ? this.o.crypto.sha256(EMPTY) : appHash });
  }

  initChain(r: abci.RequestInitChain): abci.ResponseInitChain {
    const response = initChain(this.chain, this.execution, r);
    this.mempool.reset();
    return response;
  }

  checkTx = (r: abci.RequestCheckTx): abci.ResponseCheckTx => this.mempool.checkTx(r);
  simulate = (tx: Uint8Array): TxOutcome => this.mempool.simulate(tx);

  prepareProposal(r: abci.RequestPrepareProposal): abci.ResponsePrepareProposal {
    this.chain.goOn();
    return prepareProposal(this.chain, { ...this.o, execution: this.execution }, r);
  }
  processProposal(r: abci.RequestProcessProposal): abci.ResponseProcessProposal {
    this.chain.goOn();
    return processProposal(this.chain, this.o, r);
  }

  extendVote = (): Promise<abci.ResponseExtendVote> => extendVote(this.chain, this.o.extension, this.o.faults);
  verifyVoteExtension = verifyVoteExtension;

  finalizeBlock(r: abci.RequestFinalizeBlock): abci.ResponseFinalizeBlock {
    this.chain.goOn();
    const { response, pending } = finalizeBlock(this.chain, { ...this.o, execution: this.execution }, r);
    this.pending = pending;
    return response;
  }

  async commit(): Promise<abci.ResponseCommit> {
    if (!this.pending) throw new Error("Commit without FinalizeBlock");
    const { faults } = this.o;
    const { prepared, head } = this.pending;
    faults.crash("before-batch");
    await prepared.commit();
    faults.crash("after-batch");
    this.pending = undefined;
    this.chain.committed(head);
    this.mempool.reset();
    this.o.committed(() => this.chain.view(this.o.store.latest()), head);
    const { stopped } = this.chain;
    // Once the engine has its answer: the block is committed, and the next one is never begun.
    if (stopped) setImmediate(() => this.o.stopped?.(stopped));
    faults.crash("before-commit-response");
    setImmediate(() => faults.crash("after-commit-response"));
    return abci.ResponseCommit.fromPartial({ retainHeight: 0n });
  }

  query = (r: abci.RequestQuery) => answerStoreQuery(r, this.chain, this.o.store) ?? this.o.query(r, { chain: this.chain, simulate: this.simulate });

  listSnapshots = noSnapshots.listSnapshots;
  offerSnapshot = noSnapshots.offerSnapshot;
  loadSnapshotChunk = noSnapshots.loadSnapshotChunk;
  applySnapshotChunk = noSnapshots.applySnapshotChunk;
}
