/**
 * The whole state machine in memory: every real module wired as in the node, without CometBFT, signatures of transactions and
 * disk. Messages are refused and queries answered with the node's own codes and texts. After every block all invariants hold,
 * and supply before + minted − burned is supply after; else it throws.
 */
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import type { BlockInfo, Event, QueryContext } from "#kernel/context.js";
import type { Crypto } from "#kernel/crypto.js";
import { type Environment, makeEnvironment } from "#kernel/environment.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import type { ValidatorUpdate } from "#kernel/module.js";
import type { EncodedMessage } from "#kernel/services.js";
import { exportState, readState } from "#app/app-state.js";
import { assemble, type Assembly, type Keepers } from "#app/assemble.js";
import { asGrpc } from "#app/query/errors.js";
import { Meter } from "#app/tx/gas.js";
import type { ConsensusParams } from "#proto/gen/tendermint/types/params.js";
import type { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import type { Codec, MethodInfo, RequestOf, ResponseOf } from "#proto/wire.js";
import { encodeVerdicts } from "#protocol/verification/extension.js";
import { TestContext } from "./context.js";
import { addressOf, appState, DENOM, type ParamsByModule, testValidator, type TestValidator } from "./genesis.js";
import { Branch, Heights, type Stores } from "./state.js";

export { DENOM, QUICK, type ParamsByModule, type TestValidator } from "./genesis.js";
export const CHAIN_ID = "test-1";
/** prefix 0x50 of the store `staking` */
const HISTORY = "staking/50";

export interface ChainOptions {
  readonly crypto: Crypto;
  readonly chainId?: string;
  /** beside QUICK */
  readonly params?: ParamsByModule;
  /** power of each validator */
  readonly powers?: readonly bigint[];
  /** what each of these names owns at first */
  readonly funds?: Readonly<Record<string, bigint>>;
  /** whole parts of app_state, by module, instead of what these modules would have */
  readonly parts?: Readonly<Record<string, unknown>>;
  /** all of app_state, instead of all that */
  readonly genesis?: Readonly<Record<string, unknown>>;
  /** what the engine's genesis says of blocks and evidence; the module's defaults without it */
  readonly consensus?: ConsensusParams;
  /** the first block's height, 1 without it */
  readonly initialHeight?: bigint;
  readonly timeMs?: bigint;
  /** heights that stay readable */
  readonly keep?: bigint;
}

/** By index of the validator: its verdicts, as they stand in its extension of the block before. */
export type Verdicts = Readonly<Record<number, readonly (readonly [job: bigint, code: VerdictCode, reason?: number])[]>>;

/** A message's or query's refusal. */
export interface Refusal {
  readonly codespace: string;
  readonly code: number;
  readonly log: string;
}

export class TestChain {
  readonly app: Assembly = assemble();
  readonly chainId: string;
  readonly environment: Environment;
  readonly validators: readonly TestValidator[];
  /** of the newest block; before the first one, of genesis */
  height: bigint;
  timeMs: bigint;
  /** of the newest block */
  events: readonly Event[] = [];
  /** what the engine was told of its validators by the newest block */
  updates: readonly ValidatorUpdate[] = [];
  /** of all blocks */
  readonly history: Event[] = [];
  private readonly heights: Heights;
  private readonly router;
  private readonly blocksByHeight = new Map<bigint, BlockInfo>();
  private current: TestContext;

  constructor(o: ChainOptions) {
    this.chainId = o.chainId ?? CHAIN_ID;
    this.environment = makeEnvironment(o.crypto, "pouw");
    this.router = this.app.router;
    this.heights = new Heights(o.keep);
    // A bank of a test's own does not hold the stake of validators.
    this.validators = (o.powers ?? (o.parts?.["bank"] ? [] : [10n, 10n, 10n, 10n])).map((power, i) => testValidator(this.environment, i, power));
    const initial = o.initialHeight ?? 1n;
    this.height = initial - 1n;
    this.timeMs = o.timeMs ?? 1_700_000_000_000n;
    const branch = new Branch(this.heights.latest());
    this.current = new TestContext(this.environment, { ...this.info({}), height: initial > 1n ? initial : 0n, lastCommit: { round: 0, votes: [] }, beaconSignature: EMPTY, extensions: [] }, branch);
    const state = o.genesis ?? this.genesis(o);
    if (o.consensus) this.k.consensus.begin(this.current, o.consensus);
    readState(this.current, this.app.modules, state);
    this.heights.commit(this.height, branch);
    // What genesis writes is the state of the height before the first block.
    this.blocksByHeight.set(this.height, { ...this.current.block, height: this.height });
    this.checkInvariants();
  }

  /** The address of a name. */
  address(name: string): string {
    return addressOf(this.environment, name);
  }

  private genesis({ funds = {}, params = {}, parts = {} }: ChainOptions): Readonly<Record<string, unknown>> {
    const balances = Object.fromEntries(Object.entries(funds).map(([name, amount]) => [this.address(name), amount]));
    return { ...appState(this.environment, { validators: this.validators, balances, params }), ...parts };
  }

  get k(): Keepers {
    return this.app.keepers;
  }
  /** For reads between blocks; within a block, the block's own context. */
  get ctx(): TestContext {
    return this.current;
  }
  balance(name: string): bigint {
    return this.k.bank.balance(this.ctx, this.address(name));
  }
  account(address: string): ReturnType<Keepers["auth"]["get"]> {
    return this.k.auth.get(this.ctx, address);
  }
  get supply(): bigint {
    return this.k.bank.supply(this.ctx);
  }

  private info(verdicts: Verdicts): BlockInfo {
    const { crypto } = this.environment;
    const proposer = this.validators[0]?.address ?? EMPTY;
    // Any bytes do: the block pipeline has checked the signature before a module sees it.
    const beaconSignature = new Uint8Array(96);
    for (const part of [0, 1, 2]) beaconSignature.set(crypto.sha256(utf8(`signature ${this.height}/${part}`)), 32 * part);
    return {
      chainId: this.chainId,
      height: this.height,
      timeMs: this.timeMs,
      timeNs: this.timeMs * 1_000_000n,
      proposer,
      lastCommit: { round: 0, votes: this.validators.map((v) => ({ validator: v.address, power: v.power, flag: "commit" })) },
      misbehaviour: [],
      beaconSignature,
      extensions: this.validators.map((_, i) => (verdicts[i] ? encodeVerdicts(verdicts[i].map(([job, code, reason = 0]) => ({ job, code, reason }))) : EMPTY)),
    };
  }

  /** One block; `run` sends its messages. `change` alters what the engine says of it. */
  block(run: (c: this) => void = () => {}, verdicts: Verdicts = {}, change: Partial<BlockInfo> = {}): readonly Event[] {
    const before = this.supply;
    this.height++;
    this.timeMs += 1_000n;
    const block = { ...this.info(verdicts), ...change };
    const branch = new Branch(this.heights.latest());
    this.current = new TestContext(this.environment, block, branch);
    this.app.beginBlock(this.current);
    run(this);
    this.app.endBlock(this.current);
    this.updates = this.app.modules.flatMap((m) => m.validatorUpdates?.(this.current) ?? []);
    this.events = this.current.events;
    this.history.push(...this.events);
    this.heights.commit(this.height, branch);
    this.blocksByHeight.set(this.height, block);
    this.checkInvariants();
    const minted = amounts(this.events, "coinbase");
    const burned = amounts(this.events, "burn");
    if (before + minted - burned !== this.supply) throw new Error(`block ${this.height}: supply ${before} + ${minted} minted − ${burned} burned is not ${this.supply}`);
    return this.events;
  }

  blocks(n: number | bigint, run: (c: this) => void = () => {}): void {
    for (let i = 0n; i < BigInt(n); i++) this.block(run);
  }

  /** Blocks until something holds; throws when it does not in `limit` blocks. */
  until(holds: (c: this) => boolean, limit = 200, run: (c: this) => void = () => {}): void {
    for (let i = 0; i < limit; i++) {
      if (holds(this)) return;
      this.block(run);
    }
    if (!holds(this)) throw new Error(`it does not hold after ${limit} blocks, at ${this.height}`);
  }

  checkInvariants(): void {
    const ctx = this.at() as QueryContext;
    for (const m of this.app.modules) {
      for (const [name, check] of Object.entries(m.invariants ?? {})) {
        const broken = check(ctx);
        if (broken) throw new Error(`invariant ${m.name}/${name} at ${this.height}: ${broken}`);
      }
    }
  }

  /** Runs a message as a transaction of the current block by its signer. Any throw without a code passes on. */
  deliver<M>(codec: Codec<M>, message: Partial<M>): { readonly response: Uint8Array } | Refusal {
    return this.deliverEncoded({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(message)) });
  }

  /** The same of bytes; with a limit, its gas is counted. */
  deliverEncoded({ typeUrl, value }: EncodedMessage, gas?: bigint): { readonly response: Uint8Array } | Refusal {
    const handler = this.app.messages.get(typeUrl);
    if (!handler) throw new Error(`no module takes ${typeUrl}`);
    try {
      const [signer] = handler.signers(handler.decode(value));
      if (gas === undefined) return { response: this.router.dispatch(this.current, signer as string, { typeUrl, value }).value };
      const metered = this.current.metered(new Meter(gas));
      const { value: response } = this.router.dispatch(metered, signer as string, { typeUrl, value });
      metered.commit();
      return { response };
    } catch (e) {
      if (e instanceof ModuleError) return { codespace: e.codespace, code: e.code, log: e.message };
      throw e;
    }
  }

  /** As deliver: `codespace/code` of a refusal, undefined when it went through. */
  send<M>(codec: Codec<M>, message: Partial<M>): string | undefined {
    const done = this.deliver(codec, message);
    return "code" in done ? `${done.codespace}/${done.code}` : undefined;
  }

  /** As deliver, but a refusal is an error. */
  must<M>(codec: Codec<M>, message: Partial<M>): void {
    const done = this.deliver(codec, message);
    if ("code" in done) throw new Error(`${codec.typeUrl} at ${this.height}: ${done.codespace}/${done.code} ${done.log}`);
  }

  /** Committed state of a height, the newest for 0; undefined: not kept. */
  at(height = 0n): QueryContext | undefined {
    const wanted = height === 0n ? this.heights.newest : height;
    const stores: Stores | undefined = this.heights.at(wanted);
    const block = this.blocksByHeight.get(wanted);
    return stores && block && { ...this.environment, store: (name) => stores.store(name), block };
  }

  /** A query as ABCI answers it. Throws ModuleError with the node's code and text. */
  query<M extends MethodInfo>(method: M, request: Partial<RequestOf<M>> = {}, height = 0n): ResponseOf<M> {
    return method.response.decode(asGrpc(this.asked(method, request, height))) as ResponseOf<M>;
  }

  /** The same, but refused in the module's own words. */
  ask<M extends MethodInfo>(method: M, request: Partial<RequestOf<M>> = {}, height = 0n): ResponseOf<M> {
    return method.response.decode(this.asked(method, request, height)()) as ResponseOf<M>;
  }

  private asked<M extends MethodInfo>(method: M, request: Partial<RequestOf<M>>, height: bigint): () => Uint8Array {
    const handler = this.app.queries.get(method.path);
    if (height > this.height) throw sdk.invalidHeight(`cannot query with height in the future; please provide a valid height: ${height}, newest ${this.height}`);
    const ctx = this.at(height);
    if (!handler) throw sdk.unknownRequest(`unknown query path ${JSON.stringify(method.path)}`);
    if (!ctx) throw sdk.invalidHeight(`height ${height} is pruned: this node keeps the last blocks only`);
    const bytes = method.request.encode(method.request.create(request as never));
    return () => handler.run(ctx, bytes);
  }

  /** Attributes of all events of a type so far, in order. */
  of(type: string): Record<string, string>[] {
    return attributesOf(this.history, type);
  }

  /** All of the committed state: store/key → value, hexadecimal; but for who could sign old blocks, which no genesis holds. */
  dump(): ReadonlyMap<string, string> {
    const ctx = this.at() as QueryContext;
    return new Map(this.app.stores.flatMap((name) => [...ctx.store(name).iterate()].map(([k, v]): [string, string] => [`${name}/${toHex(k)}`, toHex(v)])).filter(([k]) => !k.startsWith(HISTORY)));
  }

  /** app_state as an export has it. */
  exported(): Record<string, unknown> {
    const ctx = this.at() as QueryContext;
    return exportState(ctx, this.app.modules);
  }
}

export const attributesOf = (events: readonly Event[], type: string): Record<string, string>[] =>
  events.filter((e) => e.type === type).map((e) => Object.fromEntries(e.attributes.map((a) => [a.key, a.value])));

export const coin = (amount: bigint, denom = DENOM): { denom: string; amount: string } => ({ denom, amount: `${amount}` });

/** `codespace/code: text` of what was refused, the text alone of what has no code; undefined when it was not. */
export function refusal(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (e) {
    return e instanceof ModuleError ? `${e.codespace}/${e.code}: ${e.message}` : (e as Error).message;
  }
}

const amounts = (events: readonly Event[], type: string): bigint => attributesOf(events, type).reduce((sum, e) => sum + BigInt((e.amount ?? "0").replace(DENOM, "")), 0n);
