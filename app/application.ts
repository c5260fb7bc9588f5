/**
 * The ABCI application: what CometBFT asks, answered from the store and the modules.
 *
 * FinalizeBlock computes and Commit persists: nothing is written to disk in between, so a crash anywhere leaves the last
 * committed block. Nothing here relies on PrepareProposal or ProcessProposal having been called.
 */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { type Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import { DEFAULT_PREFIX, isAddressPrefix } from "#kernel/address.js";
import { compareBytes, equalBytes } from "#kernel/bytes.js";
import { type BlockInfo, type Event } from "#kernel/context.js";
import { type Crypto } from "#kernel/crypto.js";
import { type Environment, makeEnvironment } from "#kernel/environment.js";
import { sdk } from "#kernel/errors.js";
import { type View } from "#kernel/store.js";
import { MAX_EXTENSION_BYTES } from "#protocol/verification/extension.js";
import { type AbciApplication } from "./abci/types.js";
import { type BlockFacts, checkBlockData, isBlockData, type LastCommit, makeBlockData } from "./block/block-data.js";
import { BlockGas, type BlockLimits, gasLimitOf, largestTransaction, UNLIMITED, wireSize, withinGas } from "./block/limits.js";
import { selectTransactions } from "./block/select.js";
import { ConfigFault } from "./config-fault.js";
import { type Faults } from "./faults.js";
import { genesisFault } from "./genesis-check.js";
import { checkInvariants, invariantsAnswer } from "./invariants.js";
import { type Assembly } from "./modules.js";
import { Overlay, type MultiStore } from "./store/index.js";
import { type Change, type Prepared, type Stores } from "./store/types.js";
import { AppContext, viewOf } from "./tx/context.js";
import { decodeTx } from "./tx/decode.js";
import { executeTx, type Execution, refused, type TxOutcome } from "./tx/execute.js";
import { answerQuery } from "./queries.js";

export interface ApplicationOptions {
  readonly store: MultiStore;
  readonly modules: Assembly;
  readonly crypto: Crypto;
  /** signs the beacon message; only a proposer needs it */
  readonly signBeacon: (message: Uint8Array) => Uint8Array;
  /** finished verdicts on open jobs, encoded and within the limits; never waits */
  readonly extension: (state: View) => Uint8Array;
  /** called after each commit, and once at start, with the committed state */
  readonly committed: (state: View, block: HeadBlock) => void;
  readonly minGasPricePerMillion: bigint;
  readonly faults: Faults;
  /** told of every error without a code that a transaction meets */
  readonly unexpected?: (error: unknown, mode: string) => void;
}

/** Facts of the newest committed block, kept in the same batch. */
export interface HeadBlock {
  readonly chainId: string;
  readonly height: bigint;
  readonly timeMs: bigint;
  readonly prefix: string;
  readonly limits: BlockLimits;
}

const NO_LIMITS: BlockLimits = { maxBytes: UNLIMITED, maxGas: UNLIMITED };
const VERSION = "0.1.0";
/** the ABCI application's protocol version: changes with every state-machine breaking release */
const APP_VERSION = 1n;
const NONE = new Uint8Array(0);

export class Application implements AbciApplication {
  private readonly execution: Execution;
  private genesis: { overlay: Overlay; block: HeadBlock } | undefined;
  private pending: { prepared: Prepared; block: HeadBlock } | undefined;
  private check: { readonly ctx: AppContext; readonly denom: string; readonly longest: bigint } | undefined;
  private head: HeadBlock | undefined;
  /** from genesis or the stored head on */
  private known: Environment | undefined;
  private readonly invariants;

  constructor(private readonly o: ApplicationOptions) {
    const { keepers, router } = o.modules;
    this.execution = { router, deps: keepers, ...(o.unexpected ? { unexpected: o.unexpected } : {}) };
    this.invariants = invariantsAnswer(o.modules.modules);
    const bytes = o.store.meta("block");
    if (bytes) this.head = readHead(bytes);
    if (this.head) {
      this.known = makeEnvironment(o.crypto, this.head.prefix);
      o.committed(this.view(o.store.latest()), this.head);
    }
  }

  private get environment(): Environment {
    if (!this.known) throw new Error("the chain is not initialised");
    return this.known;
  }

  private view(stores: Stores): View {
    return viewOf(this.environment, stores);
  }

  /** State that the next block starts from. */
  private base(): Overlay {
    return new Overlay(this.o.store.version === 0n && this.genesis ? this.genesis.overlay : this.o.store.latest());
  }

  info(): abci.ResponseInfo {
    const { version, appHash } = this.o.store;
    return abci.ResponseInfo.fromPartial({ data: "pouwd", version: VERSION, appVersion: APP_VERSION, lastBlockHeight: version, lastBlockAppHash: appHash });
  }

  /** Throws ConfigFault: nothing but the genesis decides here. */
  initChain(r: abci.RequestInitChain): abci.ResponseInitChain {
    try {
      this.begin(r);
    } catch (e) {
      throw new ConfigFault((e as Error).message);
    }
    return abci.ResponseInitChain.fromPartial({});
  }

  private begin(r: abci.RequestInitChain): void {
    const state = appState(r.appStateBytes);
    const prefix = state.prefix ?? DEFAULT_PREFIX;
    if (typeof prefix !== "string" || !isAddressPrefix(prefix)) throw new Error(`app_state.prefix: got ${JSON.stringify(prefix)}, want 1 to 16 of a–z and 0–9, a letter first`);
    this.known = makeEnvironment(this.o.crypto, prefix);
    const timeNs = nanoseconds(r.time);
    const block: BlockInfo = {
      chainId: r.chainId,
      height: r.initialHeight,
      timeMs: timeNs / 1_000_000n,
      timeNs,
      proposer: NONE,
      beaconSignature: NONE,
      votes: [],
      totalPower: 0n,
    };
    const overlay = new Overlay(this.o.store.latest());
    const ctx = new AppContext(this.environment, block, overlay);
    for (const m of this.o.modules.modules) {
      try {
        m.initGenesis?.(ctx, state[m.name]);
      } catch (e) {
        const { message } = e as Error;
        throw message.startsWith("app_state.") ? e : new Error(`app_state.${m.name}: ${message}`);
      }
    }
    const set = this.o.modules.keepers.validators.all(ctx);
    const agrees = r.validators.length === set.length && r.validators.every((v) => set.some((s) => s.power === v.power && equalBytes(s.consensusKey, v.pubKey?.ed25519 ?? NONE)));
    if (!agrees) throw new Error("validators: those of CometBFT and of app_state.validators are not the same keys and powers");
    const fault = genesisFault(r.consensusParams, r.initialHeight, set.length);
    if (fault) throw new Error(fault);
    const [broken] = checkInvariants(this.o.modules.modules, ctx).broken;
    if (broken) throw new Error(`app_state breaks "${broken.invariant}" of ${broken.module}: ${broken.fault}`);
    const { maxBytes = UNLIMITED, maxGas = UNLIMITED } = r.consensusParams?.block ?? {};
    this.genesis = { overlay, block: { chainId: r.chainId, height: r.initialHeight - 1n, timeMs: block.timeMs, prefix, limits: { maxBytes, maxGas } } };
    this.head = this.genesis.block;
    this.check = undefined;
  }

  // ---- mempool ----

  private nextBlock(): BlockInfo {
    const head = this.head;
    if (!head) throw new Error("the chain is not initialised");
    return { chainId: head.chainId, height: head.height + 1n, timeMs: head.timeMs, timeNs: head.timeMs * 1_000_000n, proposer: NONE, beaconSignature: NONE, votes: [], totalPower: 0n };
  }

  private get limits(): BlockLimits {
    return this.head?.limits ?? NO_LIMITS;
  }

  /** The mempool's own state, from one commit to the next, and what it must know of the committed one. */
  private mempool() {
    if (this.check) return this.check;
    const ctx = new AppContext(this.environment, this.nextBlock(), this.base());
    const { params, validators } = this.o.modules.keepers;
    return (this.check = { ctx, denom: params.get(ctx).denom, longest: largestTransaction(this.limits, validators.all(ctx).length) });
  }

  checkTx(r: abci.RequestCheckTx): abci.ResponseCheckTx {
    const { ctx, denom, longest } = this.mempool();
    const outcome =
      BigInt(r.tx.length) > longest
        ? refused(sdk.txTooLarge(`${r.tx.length} bytes, want at most ${longest}, or no block could hold it`))
        : executeTx(ctx, r.tx, "check", { ...this.execution, minGasPrice: { perMillion: this.o.minGasPricePerMillion, denom }, maxGas: gasLimitOf(this.limits) });
    return abci.ResponseCheckTx.fromPartial({ ...outcome, data: Uint8Array.from(outcome.data), events: events(outcome.events) });
  }

  /** On a branch of the check state that is thrown away. */
  simulate(tx: Uint8Array): TxOutcome {
    return executeTx(this.mempool().ctx.branch() as AppContext, tx, "simulate", { ...this.execution, maxGas: gasLimitOf(this.limits) });
  }

  // ---- consensus ----

  private facts(height: bigint, proposer: Uint8Array, lastCommit: LastCommit): BlockFacts {
    return { chainId: this.head?.chainId ?? "", height, proposer, lastCommit };
  }

  prepareProposal(r: abci.RequestPrepareProposal): abci.ResponsePrepareProposal {
    const votes = r.localLastCommit?.votes ?? [];
    const lastCommit: LastCommit = {
      round: r.localLastCommit?.round ?? 0,
      votes: votes.map((v) => ({ validator: v.validator?.address ?? NONE, power: v.validator?.power ?? 0n, flag: v.blockIdFlag })),
    };
    const extended = votes.map((v) => ({ extension: v.voteExtension, signature: v.extensionSignature }));
    const state = this.view(this.base());
    const sign = this.o.faults.beacon(this.o.signBeacon);
    const first = makeBlockData(state, this.o.modules.keepers, this.facts(r.height, r.proposerAddress, lastCommit), extended, sign);
    const own = this.o.faults.dropBlockData() ? [] : [first];
    const bytes = r.maxTxBytes - own.reduce((n, t) => n + wireSize(t), 0n);
    const chosen = selectTransactions(r.txs, { bytes, gas: gasLimitOf(this.limits), votes: votes.length }, (tx) => this.signersOf(tx));
    return abci.ResponsePrepareProposal.fromPartial({ txs: [...own, ...chosen] });
  }

  private signersOf(tx: Uint8Array): readonly string[] {
    try {
      return decodeTx(tx, this.execution.router).signers;
    } catch {
      return []; // it fails in its block whoever signed
    }
  }

  processProposal(r: abci.RequestProcessProposal): abci.ResponseProcessProposal {
    const { ACCEPT, REJECT } = abci.ResponseProcessProposal_ProposalStatus;
    let status = REJECT;
    try {
      const lastCommit = lastCommitOf(r.proposedLastCommit);
      const verdict = checkBlockData(this.view(this.base()), this.o.modules.keepers, this.facts(r.height, r.proposerAddress, lastCommit), r.txs[0]);
      const again = r.txs.slice(1).some((tx) => isBlockData(tx, lastCommit.votes.length));
      const fits = withinGas(r.txs, this.limits);
      if (verdict.ok && !again && fits) status = ACCEPT;
      this.o.faults.refused(verdict);
    } catch {
      // a proposal that cannot be judged is not accepted; FinalizeBlock meets the same state if others accept it
    }
    return abci.ResponseProcessProposal.fromPartial({ status });
  }

  async extendVote(): Promise<abci.ResponseExtendVote> {
    let voteExtension: Uint8Array = NONE;
    try {
      voteExtension = this.o.extension(this.view(this.base()));
      if (voteExtension.length > MAX_EXTENSION_BYTES) voteExtension = NONE;
    } catch {
      // a vote without verdicts is better than none
    }
    return abci.ResponseExtendVote.fromPartial({ voteExtension: await this.o.faults.extension(voteExtension) });
  }

  verifyVoteExtension(r: abci.RequestVerifyVoteExtension): abci.ResponseVerifyVoteExtension {
    const { ACCEPT, REJECT } = abci.ResponseVerifyVoteExtension_VerifyStatus;
    return abci.ResponseVerifyVoteExtension.fromPartial({ status: r.voteExtension.length <= MAX_EXTENSION_BYTES ? ACCEPT : REJECT });
  }

  finalizeBlock(r: abci.RequestFinalizeBlock): abci.ResponseFinalizeBlock {
    this.o.faults.crash("before-finalize");
    const overlay = this.base();
    const timeNs = nanoseconds(r.time);
    const lastCommit = lastCommitOf(r.decidedLastCommit);
    const chainId = this.head?.chainId ?? "";
    const verdict = checkBlockData(this.view(overlay), this.o.modules.keepers, this.facts(r.height, r.proposerAddress, lastCommit), r.txs[0]);
    const block: BlockInfo = {
      chainId,
      height: r.height,
      timeMs: timeNs / 1_000_000n,
      timeNs,
      proposer: Uint8Array.from(r.proposerAddress),
      beaconSignature: verdict.ok ? verdict.beaconSignature : NONE,
      votes: verdict.ok ? verdict.votes : [],
      totalPower: lastCommit.votes.reduce((n, v) => n + v.power, 0n),
    };
    const ctx = new AppContext(this.environment, block, overlay);
    const { modules } = this.o;
    modules.beginBlock(ctx);
    const limits = this.limits;
    const gas = new BlockGas(limits);
    const execution = { ...this.execution, maxGas: gasLimitOf(limits) };
    const txResults = r.txs.map((tx, i) => {
      if (i === 0 && isBlockData(tx, lastCommit.votes.length)) return abci.ExecTxResult.fromPartial({ code: 0 });
      const outcome = gas.exhausted ? refused(sdk.outOfGas("no block gas left to run tx")) : executeTx(ctx, tx, "deliver", execution);
      gas.add(outcome);
      return abci.ExecTxResult.fromPartial({ ...outcome, events: events(outcome.events) });
    });
    modules.endBlock(ctx);
    const updates = modules.validatorUpdates(ctx);

    const head: HeadBlock = { chainId, height: r.height, timeMs: block.timeMs, prefix: this.environment.addresses.prefix, limits };
    const changes = this.genesis && this.o.store.version === 0n ? mergeChanges(this.genesis.overlay, overlay) : overlay.changes();
    const prepared = this.o.store.prepare(r.height, changes, new Map([["block", writeHead(head)]]));
    this.pending = { prepared, block: head };
    this.o.faults.crash("after-finalize");
    return abci.ResponseFinalizeBlock.fromPartial({
      events: events(ctx.events),
      txResults,
      validatorUpdates: updates.map((u) => ({ pubKey: { ed25519: u.key }, power: u.power })),
      appHash: prepared.appHash,
    });
  }

  async commit(): Promise<abci.ResponseCommit> {
    if (!this.pending) throw new Error("Commit without FinalizeBlock");
    const { prepared, block } = this.pending;
    this.o.faults.crash("before-batch");
    await prepared.commit();
    this.o.faults.crash("after-batch");
    this.pending = undefined;
    this.genesis = undefined;
    this.check = undefined;
    this.head = block;
    this.o.committed(this.view(this.o.store.latest()), block);
    this.o.faults.crash("before-commit-response");
    setImmediate(() => this.o.faults.crash("after-commit-response"));
    return abci.ResponseCommit.fromPartial({ retainHeight: 0n });
  }

  query(r: abci.RequestQuery): abci.ResponseQuery {
    return answerQuery(r, { store: this.o.store, modules: this.o.modules, head: this.head, environment: this.known, invariants: this.invariants, simulate: (tx) => this.simulate(tx) });
  }

  // ---- snapshots: this version makes none ----

  listSnapshots = (): abci.ResponseListSnapshots => abci.ResponseListSnapshots.fromPartial({});
  offerSnapshot = (): abci.ResponseOfferSnapshot => abci.ResponseOfferSnapshot.fromPartial({ result: abci.ResponseOfferSnapshot_Result.REJECT });
  loadSnapshotChunk = (): abci.ResponseLoadSnapshotChunk => abci.ResponseLoadSnapshotChunk.fromPartial({});
  applySnapshotChunk = (): abci.ResponseApplySnapshotChunk => abci.ResponseApplySnapshotChunk.fromPartial({ result: abci.ResponseApplySnapshotChunk_Result.ABORT });
}

function appState(bytes: Uint8Array): Record<string, unknown> {
  let state: unknown;
  try {
    state = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // told below
  }
  if (typeof state !== "object" || state === null || Array.isArray(state)) throw new Error("app_state: want a JSON object with the modules' states");
  return state as Record<string, unknown>;
}

const nanoseconds = (t: Timestamp | undefined): bigint => (t ? t.seconds * 1_000_000_000n + BigInt(t.nanos) : 0n);

const lastCommitOf = (c: abci.CommitInfo | undefined): LastCommit => ({
  round: c?.round ?? 0,
  votes: (c?.votes ?? []).map((v) => ({ validator: v.validator?.address ?? NONE, power: v.validator?.power ?? 0n, flag: v.blockIdFlag })),
});

const events = (list: readonly Event[]) => list.map((e) => ({ type: e.type, attributes: e.attributes.map(({ key, value }) => ({ key, value, index: true })) }));

const writeHead = (b: HeadBlock): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ chainId: b.chainId, height: `${b.height}`, timeMs: `${b.timeMs}`, prefix: b.prefix, maxBytes: `${b.limits.maxBytes}`, maxGas: `${b.limits.maxGas}` }));

function readHead(bytes: Uint8Array): HeadBlock {
  const head = JSON.parse(new TextDecoder().decode(bytes)) as Record<"chainId" | "height" | "timeMs" | "prefix", string> & { maxBytes?: string; maxGas?: string };
  const limits = { maxBytes: BigInt(head.maxBytes ?? UNLIMITED), maxGas: BigInt(head.maxGas ?? UNLIMITED) };
  return { chainId: head.chainId, height: BigInt(head.height), timeMs: BigInt(head.timeMs), prefix: head.prefix, limits };
}

/** Genesis is part of version 1: its writes and the first block's, last value of each key. */
function mergeChanges(genesis: Overlay, first: Overlay): Map<string, readonly Change[]> {
  const merged = new Map<string, readonly Change[]>(genesis.changes());
  for (const [name, list] of first.changes()) {
    const before = merged.get(name) ?? [];
    const written = new Set(list.map((c) => Buffer.from(c.key).toString("hex")));
    const all = [...before.filter((c) => !written.has(Buffer.from(c.key).toString("hex"))), ...list];
    merged.set(name, all.sort((a, b) => compareBytes(a.key, b.key)));
  }
  return merged;
}
