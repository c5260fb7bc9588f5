/** Both chains side by side: every block, answer and export of one is compared with the other's. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { toHex, utf8 } from "#kernel/bytes.js";
import type { Codec, MethodInfo, RequestOf } from "#proto/wire.js";
import { Differences } from "./differences.js";
import { CHAIN_ID, environment, ourState, sdkState, type Setting } from "./genesis.js";
import { OurChain } from "./our-chain.js";
import { SdkChain } from "./sdk-chain.js";
import type { Message, Signer, TxShape } from "./signer.js";

const COMMIT = 2;
const ABSENT = 1;
/** Our part is the same for every request; whoever signs is chosen here. */
const PROPOSER = 0;

export interface BlockOptions {
  /** consensus addresses in hexadecimal of who did not sign the last block */
  readonly absent?: ReadonlySet<string>;
  /** who signed twice, by consensus address in hexadecimal */
  readonly doubleSigned?: readonly string[];
}

export class Pair {
  height = 0n;
  /** of the newest block */
  timeMs = 1_700_000_000_000n;
  /** of the newest block, ours; the SDK's are the same but for `differences` */
  results: readonly abci.ExecTxResult[] = [];
  /** powers by consensus address in hexadecimal: who signs the last block, this one and the next */
  private sets: ReadonlyMap<string, bigint>[] = [];

  private constructor(
    readonly setting: Setting,
    readonly sdk: SdkChain,
    readonly ours: OurChain,
    readonly differences: Differences,
  ) {}

  static async start(setting: Setting, program: string, differences: Differences): Promise<Pair> {
    const pair = new Pair(setting, new SdkChain(program), await OurChain.make(PROPOSER), differences);
    await pair.begin();
    return pair;
  }

  private async begin(): Promise<void> {
    const request = (state: unknown) =>
      abci.RequestInitChain.fromPartial({
        chainId: CHAIN_ID,
        initialHeight: 1n,
        time: this.time(),
        validators: this.setting.validators.map((v) => ({ pubKey: { ed25519: v.consensusKey }, power: v.power })),
        consensusParams: ConsensusParams.fromPartial({
          block: { maxBytes: 4_194_304n, maxGas: 300_000_000n },
          evidence: { maxAgeNumBlocks: 100_000n, maxAgeDuration: { seconds: 172_800n, nanos: 0 }, maxBytes: 1_024n },
          validator: { pubKeyTypes: ["ed25519"] },
          version: { app: 1n },
          abci: { voteExtensionsEnableHeight: 1n },
        }),
        appStateBytes: utf8(JSON.stringify(state)),
      });
    await this.sdk.initChain(request(sdkState(this.setting)));
    // The other chain asks for no price of gas.
    this.ours.initChain(request({ ...ourState(this.setting), fees: { params: { min_gas_price: "0" } } }));
    const first = new Map(this.setting.validators.map((v) => [toHex(v.address), v.power]));
    this.sets = [new Map(), first, first];
  }

  private time = () => ({ seconds: this.timeMs / 1000n, nanos: Number(this.timeMs % 1000n) * 1_000_000 });

  /** Signed for the state as it stands; `ahead`: transactions of this signer before it in the same block. */
  tx(signer: Signer, messages: readonly Message[], o: TxShape & { readonly ahead?: bigint; readonly number?: bigint } = {}): Promise<Uint8Array> {
    const account = this.ours.account(signer.address);
    return signer.sign(messages, o.number ?? account?.accountNumber ?? 0n, (account?.sequence ?? 0n) + (o.ahead ?? 0n), CHAIN_ID, o);
  }

  /** One block of these transactions on both. `about` says what it is, for the report. */
  async block(about: string, txs: readonly Uint8Array[] = [], o: BlockOptions = {}): Promise<void> {
    this.height++;
    this.timeMs += 1_000n;
    const [signed, , next] = this.sets as [ReadonlyMap<string, bigint>, ReadonlyMap<string, bigint>, ReadonlyMap<string, bigint>];
    const votes = [...signed].map(([address, power]) => ({ validator: { address: Buffer.from(address, "hex"), power }, blockIdFlag: o.absent?.has(address) ? ABSENT : COMMIT }));
    const proposer = this.setting.validators[PROPOSER]?.address;
    const request = abci.RequestFinalizeBlock.fromPartial({
      height: this.height,
      time: this.time(),
      txs: [...txs],
      proposerAddress: proposer as Uint8Array,
      decidedLastCommit: { round: 0, votes },
      misbehavior: (o.doubleSigned ?? []).map((address) => ({
        type: abci.MisbehaviorType.DUPLICATE_VOTE,
        validator: { address: Buffer.from(address, "hex"), power: signed.get(address) ?? 0n },
        height: this.height - 1n,
        time: { seconds: (this.timeMs - 1_000n) / 1000n, nanos: 0 },
        totalVotingPower: [...signed.values()].reduce((a, b) => a + b, 0n),
      })),
    });
    const [theirs, own] = [await this.sdk.finalizeBlock(request), await this.ours.finalizeBlock(request)];
    this.results = own.txResults;
    this.differences.block(`${about}, block ${this.height}`, theirs, own);
    this.sets = [...this.sets.slice(1), this.changed(next, theirs.validatorUpdates)];
  }

  private changed(set: ReadonlyMap<string, bigint>, updates: readonly abci.ValidatorUpdate[]): ReadonlyMap<string, bigint> {
    const after = new Map(set);
    for (const { pubKey, power } of updates) {
      const address = toHex(environment.crypto.sha256(pubKey?.ed25519 ?? new Uint8Array(0)).slice(0, 20));
      if (power === 0n) after.delete(address);
      else after.set(address, power);
    }
    return after;
  }

  /** Who signs the block that is made next. */
  get signing(): readonly string[] {
    return [...(this.sets[0]?.keys() ?? [])];
  }

  async query<M extends MethodInfo>(method: M, request: Partial<RequestOf<M>> = {}): Promise<void> {
    const codec = method.request as Codec<RequestOf<M>>;
    const r = abci.RequestQuery.fromPartial({ path: method.path, data: codec.encode(codec.create(request)) });
    this.differences.query(method, JSON.stringify(request, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v)), await this.sdk.query(r), this.ours.query(r));
  }

  async check(about: string, tx: Uint8Array): Promise<void> {
    const r = abci.RequestCheckTx.fromPartial({ tx });
    this.differences.check(about, await this.sdk.checkTx(r), this.ours.checkTx(r));
  }

  async compareStates(): Promise<void> {
    this.differences.states(`state at ${this.height}`, await this.sdk.exported(), this.ours.exported());
  }

  async stop(): Promise<void> {
    this.sdk.stop();
    await this.ours.stop();
  }
}
