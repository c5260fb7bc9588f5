/** A node without CometBFT: the real application over a real store in a folder of its own, blocks made and judged as the engine would. */
import "#platform/install.js";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import blst from "@chainsafe/blst";
import { encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { DirectSecp256k1Wallet, encodePubkey, makeAuthInfoBytes, makeSignDoc } from "@cosmjs/proto-signing";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { utf8 } from "#kernel/bytes.js";
import type { View } from "#kernel/store.js";
import { Application, type ApplicationOptions } from "#app/application.js";
import { faultsFrom } from "#app/faults.js";
import { assemble } from "#app/modules.js";
import { type MultiStore, openMultiStore } from "#app/store/index.js";
import { viewOf } from "#app/tx/context.js";
import { possessionMessage } from "#modules/beacon/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Validator } from "#proto/gen/pouw.js";
import { toJson } from "#proto/json.js";
import { extensionSignBytes } from "#protocol/verification/extension.js";
import { address } from "./chain.js";
import { environment } from "./world.js";

export const NODE_CHAIN = "node-1";
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const BLOCK_ID_FLAG_COMMIT = 2;

/** A validator's two keys, the same for the same number. */
export class ValidatorKeys {
  readonly consensusKey: Uint8Array;
  readonly address: Uint8Array;
  readonly beacon;
  private readonly secret;
  constructor(readonly number: number) {
    const seed = new Uint8Array(32).fill(number + 1);
    this.secret = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });
    this.consensusKey = Uint8Array.from(createPublicKey(this.secret).export({ format: "der", type: "spki" }).subarray(-32));
    this.address = nodeCrypto.sha256(this.consensusKey).slice(0, 20);
    this.beacon = blst.SecretKey.fromKeygen(seed);
  }
  sign(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(sign(null, bytes, this.secret));
  }
  record(power = 10n): Validator {
    const beaconKey = Uint8Array.from(this.beacon.toPublicKey().toBytes());
    const beaconProof = Uint8Array.from(this.beacon.sign(possessionMessage(nodeCrypto, beaconKey)).toBytes());
    return Validator.create({ operator: address(`operator${this.number}`), consensusKey: this.consensusKey, power, beaconKey, beaconProof });
  }
}

/** An account with a key of its own; `name` makes it reproducible. */
export class Account {
  private constructor(
    readonly wallet: DirectSecp256k1Wallet,
    readonly address: string,
    readonly key: Uint8Array,
  ) {}
  static async of(name: string): Promise<Account> {
    const wallet = await DirectSecp256k1Wallet.fromKey(nodeCrypto.sha256(utf8(name)), "pouw");
    const [a] = await wallet.getAccounts();
    if (!a) throw new Error("the wallet has no account");
    return new Account(wallet, a.address, a.pubkey);
  }
  get publicKey() {
    return encodePubkey(encodeSecp256k1Pubkey(this.key));
  }
}

export interface Signed {
  readonly account: Account;
  readonly number: bigint;
  readonly sequence: bigint;
}

export interface TxChange {
  readonly gas?: number;
  readonly fee?: readonly { readonly denom: string; readonly amount: string }[];
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  readonly chainId?: string;
}

export interface EncodedMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export const bodyOf = (messages: readonly EncodedMessage[], { memo = "", timeoutHeight = 0n }: TxChange = {}): Uint8Array =>
  TxBody.encode(TxBody.fromPartial({ messages: messages.map((m) => ({ ...m })), memo, timeoutHeight })).finish();

/** A transaction signed by one account, SIGN_MODE_DIRECT. */
export async function signedTx({ account, number, sequence }: Signed, messages: readonly EncodedMessage[], o: TxChange = {}): Promise<Uint8Array> {
  const body = bodyOf(messages, o);
  const auth = makeAuthInfoBytes([{ pubkey: account.publicKey, sequence }], o.fee ?? [], o.gas ?? 1_000_000, undefined, undefined, SignMode.SIGN_MODE_DIRECT);
  const { signature } = await account.wallet.signDirect(account.address, makeSignDoc(body, auth, o.chainId ?? NODE_CHAIN, Number(number)));
  return TxRaw.encode(TxRaw.fromPartial({ bodyBytes: body, authInfoBytes: auth, signatures: [Uint8Array.from(Buffer.from(signature.signature, "base64"))] })).finish();
}
export interface NodeOptions {
  readonly validators?: number;
  readonly balances?: Readonly<Record<string, bigint>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly unexpected?: ApplicationOptions["unexpected"];
  /** of the genesis; no limit when not given */
  readonly maxGas?: bigint;
}

export class TestNode {
  height = 0n;
  timeMs = 1_700_000_000_000n;
  readonly validators: ValidatorKeys[];
  /** extensions for the next block, by validator; empty ones are signed as well */
  extensions: Uint8Array[] = [];

  private constructor(
    readonly app: Application,
    readonly modules: ReturnType<typeof assemble>,
    private readonly store: MultiStore,
    readonly o: NodeOptions,
  ) {
    this.validators = Array.from({ length: o.validators ?? 1 }, (_, i) => new ValidatorKeys(i));
  }

  /** The node before InitChain; its folder goes with the test. */
  static async make(t: ExecutionContext, o: NodeOptions = {}): Promise<TestNode> {
    const dir = mkdtempSync(join(tmpdir(), "pouwd-node-"));
    const modules = assemble();
    const store = await openMultiStore(dir, { names: modules.stores, keepVersions: 100 });
    t.teardown(async () => {
      await store.close();
      rmSync(dir, { recursive: true });
    });
    const proposer = new ValidatorKeys(0);
    const app = new Application({
      store,
      modules,
      crypto: nodeCrypto,
      signBeacon: (message) => Uint8Array.from(proposer.beacon.sign(message).toBytes()),
      extension: () => new Uint8Array(0),
      committed: () => {},
      minGasPricePerMillion: 0n,
      faults: faultsFrom({}, () => {}),
      ...(o.unexpected ? { unexpected: o.unexpected } : {}),
    });
    return new TestNode(app, modules, store, o);
  }
  /** After InitChain and one empty block. */
  static async start(t: ExecutionContext, o: NodeOptions = {}): Promise<TestNode> {
    const node = await TestNode.make(t, o);
    node.app.initChain(node.genesis());
    await node.block([]);
    return node;
  }

  appState(): Record<string, unknown> {
    const balances = Object.entries(this.o.balances ?? {}).map(([a, amount]) => ({ address: a, coins: [{ denom: "upouw", amount: `${amount}` }] }));
    return {
      prefix: "pouw",
      params: { params: { denom: "upouw", target0: `0x${"ff".repeat(32)}`, ...this.o.params } },
      bank: { balances },
      validators: { validators: this.validators.map((v) => toJson(Validator, v.record())) },
    };
  }

  genesis(state: Record<string, unknown> = this.appState(), params: { maxBytes?: bigint; extensionsFrom?: bigint } = {}): abci.RequestInitChain {
    return abci.RequestInitChain.fromPartial({
      chainId: NODE_CHAIN,
      initialHeight: 1n,
      time: this.time(),
      validators: this.validators.map((v) => ({ pubKey: { ed25519: v.consensusKey }, power: 10n })),
      consensusParams: ConsensusParams.fromPartial({ block: { maxBytes: params.maxBytes ?? 4_194_304n, maxGas: this.o.maxGas ?? -1n }, abci: { voteExtensionsEnableHeight: params.extensionsFrom ?? 1n } }),
      appStateBytes: utf8(JSON.stringify(state)),
    });
  }

  private time = () => ({ seconds: this.timeMs / 1000n, nanos: Number(this.timeMs % 1000n) * 1_000_000 });

  /** The last commit of the block that is made now: everybody has committed. */
  lastVotes(flag = BLOCK_ID_FLAG_COMMIT) {
    if (this.height === 0n) return [];
    return this.validators.map((v) => ({ validator: { address: v.address, power: 10n }, blockIdFlag: flag }));
  }

  /** What the proposer (validator 0) proposes with these transactions. */
  propose(txs: readonly Uint8Array[], maxTxBytes = 1_000_000n): Uint8Array[] {
    const votes = this.lastVotes().map((vote, i) => {
      const v = this.validators[i] as ValidatorKeys;
      const voteExtension = this.extensions[i] ?? new Uint8Array(0);
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
  async decided(txs: readonly Uint8Array[]): Promise<abci.ResponseFinalizeBlock> {
    this.timeMs += 1_000n;
    const proposer = this.validators[0] as ValidatorKeys;
    const result = this.app.finalizeBlock(abci.RequestFinalizeBlock.fromPartial({ height: this.height + 1n, time: this.time(), txs: [...txs], proposerAddress: proposer.address, decidedLastCommit: { round: 0, votes: this.lastVotes() } }));
    this.height++;
    await this.app.commit();
    return result;
  }
  /** An honest block; answers the results of the transactions given. */
  async block(txs: readonly Uint8Array[]): Promise<abci.ExecTxResult[]> {
    const { txResults } = await this.decided(this.propose(txs));
    return txResults.slice(1);
  }
  /** Committed state, for reads by keepers. */
  get state(): View {
    return viewOf(environment, this.store.latest());
  }
  /** Signed with the account's number and sequence as they stand, or with another sequence. */
  tx(account: Account, messages: readonly EncodedMessage[], o: TxChange & { readonly sequence?: bigint } = {}): Promise<Uint8Array> {
    const known = this.modules.keepers.auth.get(this.state, account.address);
    return signedTx({ account, number: known?.accountNumber ?? 0n, sequence: o.sequence ?? known?.sequence ?? 0n }, messages, o);
  }
  query(path: string, data: Uint8Array = new Uint8Array(0), height = 0n): abci.ResponseQuery {
    return this.app.query(abci.RequestQuery.fromPartial({ path, data, height }));
  }
  check(tx: Uint8Array): abci.ResponseCheckTx {
    return this.app.checkTx(abci.RequestCheckTx.fromPartial({ tx }));
  }
}
