/**
 * A node without CometBFT: the real application over a real store in a folder of its own, blocks made and judged as the engine
 * would. Keys, genesis and parameters are those of every test chain.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import blst from "@chainsafe/blst";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { EMPTY, utf8 } from "#kernel/bytes.js";
import type { View } from "#kernel/store.js";
import { Application, type ApplicationOptions } from "#app/application.js";
import { assemble, type Assembly } from "#app/assemble.js";
import { faultsFrom } from "#app/faults.js";
import { answeredHere } from "#app/query/here.js";
import { type MultiStore, openMultiStore } from "#app/store/index.js";
import { viewOf } from "#app/tx/context.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Account as AccountRecord } from "#modules/auth/index.js";
import { extensionSignBytes } from "#protocol/verification/extension.js";
import { environment } from "./environment.js";
import { appState, type ParamsByModule, testValidator, type TestValidator } from "./genesis.js";
import { beaconSecretOf } from "./keys.js";
import { type Account, type EncodedMessage, type Ledger, type Shape, shaped } from "./shaped-tx.js";

export { Account, bodyOf, type EncodedMessage } from "./shaped-tx.js";

export const NODE_CHAIN = "node-1";

const BLOCK_ID_FLAG_COMMIT = 2;
const POWER = 10n;
/** heights that stay readable */
const KEPT = 100;

/** A validator's two keys, the same for the same number. */
export class ValidatorKeys {
  readonly beacon;
  readonly of: TestValidator;
  constructor(readonly number: number) {
    this.of = testValidator(environment, number, POWER);
    this.beacon = blst.SecretKey.fromBytes(beaconSecretOf(nodeCrypto, `validator ${number}`));
  }
  get consensusKey(): Uint8Array {
    return this.of.consensus.key;
  }
  /** consensus address */
  get address(): Uint8Array {
    return this.of.address;
  }
  sign(bytes: Uint8Array): Uint8Array {
    return this.of.consensus.sign(bytes);
  }
}

export interface NodeOptions {
  readonly validators?: number;
  /** by address */
  readonly balances?: Readonly<Record<string, bigint>>;
  /** beside QUICK */
  readonly params?: ParamsByModule;
  readonly unexpected?: ApplicationOptions["unexpected"];
  /** of the genesis; no limit when not given */
  readonly maxGas?: bigint;
}

export class TestNode implements Ledger {
  readonly chainId = NODE_CHAIN;
  height = 0n;
  timeMs = 1_700_000_000_000n;
  app: Application;
  readonly validators: ValidatorKeys[];
  /** extensions for the next block, by validator; empty ones are signed as well */
  extensions: Uint8Array[] = [];

  private constructor(
    private readonly dir: string,
    readonly modules: Assembly,
    private store: MultiStore,
    readonly o: NodeOptions,
  ) {
    this.validators = Array.from({ length: o.validators ?? 1 }, (_, i) => new ValidatorKeys(i));
    this.app = this.program(modules);
  }

  /** The node before InitChain; its folder goes with the test. */
  static async make(t: ExecutionContext, o: NodeOptions = {}): Promise<TestNode> {
    const dir = mkdtempSync(join(tmpdir(), "pouwd-node-"));
    const modules = assemble();
    const node = new TestNode(dir, modules, await openMultiStore(dir, { names: modules.stores, keepVersions: KEPT }), o);
    t.teardown(async () => {
      await node.store.close();
      rmSync(dir, { recursive: true });
    });
    return node;
  }

  private program(modules: Assembly, more: Partial<ApplicationOptions> = {}): Application {
    const { beacon } = this.validators[0] as ValidatorKeys;
    return new Application({
      store: this.store,
      modules,
      crypto: nodeCrypto,
      signBeacon: (message) => Uint8Array.from(beacon.sign(message).toBytes()),
      extension: () => EMPTY,
      committed: () => {},
      query: answeredHere(),
      minGasPricePerMillion: 0n,
      faults: faultsFrom({}, () => {}),
      ...(this.o.unexpected ? { unexpected: this.o.unexpected } : {}),
      ...more,
    });
  }

  /** Ended and begun again over its folder, by the same program or another one. */
  async restart(modules: Assembly = this.modules, more: Partial<ApplicationOptions> = {}): Promise<void> {
    await this.store.close();
    this.store = await openMultiStore(this.dir, { names: modules.stores, keepVersions: KEPT });
    this.app = this.program(modules, more);
  }

  /** After InitChain and one empty block. */
  static async start(t: ExecutionContext, o: NodeOptions = {}): Promise<TestNode> {
    const node = await TestNode.make(t, o);
    node.app.initChain(node.genesis());
    await node.block([]);
    return node;
  }

  appState(): Record<string, unknown> {
    const { balances = {}, params = {} } = this.o;
    return { prefix: environment.addresses.prefix, ...appState(environment, { validators: this.validators.map((v) => v.of), balances, params }) };
  }

  genesis(state: Record<string, unknown> = this.appState(), params: { maxBytes?: bigint; evidenceBytes?: bigint; keyTypes?: string[]; extensionsFrom?: bigint } = {}): abci.RequestInitChain {
    return abci.RequestInitChain.fromPartial({
      chainId: NODE_CHAIN,
      initialHeight: 1n,
      time: this.time(),
      validators: this.validators.map((v) => ({ pubKey: { ed25519: v.consensusKey }, power: POWER })),
      consensusParams: ConsensusParams.fromPartial({
        block: { maxBytes: params.maxBytes ?? 4_194_304n, maxGas: this.o.maxGas ?? -1n },
        evidence: { maxAgeNumBlocks: 100_000n, maxAgeDuration: { seconds: 172_800n, nanos: 0 }, maxBytes: params.evidenceBytes ?? 1_024n },
        validator: { pubKeyTypes: params.keyTypes ?? ["ed25519"] },
        version: { app: 1n },
        abci: { voteExtensionsEnableHeight: params.extensionsFrom ?? 1n },
      }),
      appStateBytes: utf8(JSON.stringify(state)),
    });
  }

  private time = () => ({ seconds: this.timeMs / 1000n, nanos: Number(this.timeMs % 1000n) * 1_000_000 });

  /** The last commit of the block that is made now: everybody has committed. */
  lastVotes(flag = BLOCK_ID_FLAG_COMMIT) {
    if (this.height === 0n) return [];
    return this.validators.map((v) => ({ validator: { address: v.address, power: POWER }, blockIdFlag: flag }));
  }

  /** What the proposer (validator 0) proposes with these transactions. */
  propose(txs: readonly Uint8Array[], maxTxBytes = 1_000_000n): Uint8Array[] {
    const votes = this.lastVotes().map((vote, i) => {
      const v = this.validators[i] as ValidatorKeys;
      const voteExtension = this.extensions[i] ?? EMPTY;
      const extensionSignature = v.sign(extensionSignBytes({ extension: voteExtension, height: this.height, round: 0, chainId: NODE_CHAIN }));
      return { ...vote, voteExtension, extensionSignature };
    });
    const proposer = this.validators[0] as ValidatorKeys;
    return this.app.prepareProposal(abci.RequestPrepareProposal.fromPartial({ height: this.height + 1n, txs: [...txs], maxTxBytes, proposerAddress: proposer.address, localLastCommit: { round: 0, votes } })).txs;
  }

  accepts(txs: readonly Uint8Array[]): boolean {
    const proposer = this.validators[0] as ValidatorKeys;
    const { status } = this.app.processProposal(abci.RequestProcessProposal.fromPartial({ height: this.height + 1n, txs: [...txs], proposerAddress: proposer.address, proposedLastCommit: { round: 0, votes: this.lastVotes() } }));
    return status === abci.ResponseProcessProposal_ProposalStatus.ACCEPT;
  }

  /** A decided block of exactly these transactions, committed. */
  async decided(txs: readonly Uint8Array[], more: Partial<abci.RequestFinalizeBlock> = {}): Promise<abci.ResponseFinalizeBlock> {
    this.timeMs += 1_000n;
    const proposer = this.validators[0] as ValidatorKeys;
    const result = this.app.finalizeBlock(abci.RequestFinalizeBlock.fromPartial({ height: this.height + 1n, time: this.time(), txs: [...txs], proposerAddress: proposer.address, decidedLastCommit: { round: 0, votes: this.lastVotes() }, ...more }));
    this.height++;
    await this.app.commit();
    return result;
  }

  /** An honest block; answers the results of the transactions given. */
  async block(txs: readonly Uint8Array[]): Promise<abci.ExecTxResult[]> {
    const { txResults } = await this.decided(this.propose(txs));
    return txResults.slice(1);
  }

  /** The store that the node stands on, to be read. */
  get committed(): MultiStore {
    return this.store;
  }

  /** Committed state, for reads by keepers. */
  get state(): View {
    return viewOf(environment, this.store.latest());
  }

  account(address: string): AccountRecord | undefined {
    return this.modules.keepers.auth.get(this.state, address);
  }

  /** Signed with the account's number and sequence as they stand, or with another sequence. */
  tx(account: Account, messages: readonly EncodedMessage[], o: Omit<Shape, "messages"> = {}): Promise<Uint8Array> {
    return shaped(this, [account], { ...o, messages });
  }

  query(path: string, data: Uint8Array = EMPTY, height = 0n): abci.ResponseQuery {
    // what no engine is asked for is answered at once
    return this.app.query(abci.RequestQuery.fromPartial({ path, data, height })) as abci.ResponseQuery;
  }

  /** As the engine asks again, of what waits, behind each block. */
  recheck(tx: Uint8Array): abci.ResponseCheckTx {
    return this.app.checkTx(abci.RequestCheckTx.fromPartial({ tx, type: abci.CheckTxType.RECHECK }));
  }

  check(tx: Uint8Array): abci.ResponseCheckTx {
    return this.app.checkTx(abci.RequestCheckTx.fromPartial({ tx }));
  }
}
