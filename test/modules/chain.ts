/**
 * The whole state machine in memory: every real module wired as in the node, without CometBFT, signatures of transactions
 * and disk. After every block all invariants hold, and supply before + minted − burned is supply after; else it throws.
 */
import "#platform/install.js";
import blst from "@chainsafe/blst";
import { concat, utf8 } from "#kernel/bytes.js";
import type { BlockInfo, Event, LastVote } from "#kernel/context.js";
import { ModuleError } from "#kernel/errors.js";
import type { KVStore } from "#kernel/store.js";
import { assemble } from "#app/modules.js";
import { Overlay } from "#app/store/index.js";
import { AppContext } from "#app/tx/context.js";
import { possessionMessage } from "#modules/beacon/index.js";
import { defaultParams } from "#modules/params/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type Params, Validator, type VerdictCode } from "#proto/gen/pouw.js";
import { toJson } from "#proto/json.js";
import { encodeVerdicts } from "#protocol/verification/extension.js";
import { CHAIN, environment, ofType } from "./world.js";

export const DENOM = "upouw";
export const { addresses } = environment;
export const address = (name: string): string => addresses.format(nodeCrypto.sha256(utf8(name)).slice(0, 20));

const NOTHING: KVStore = { get: () => undefined, has: () => false, set: readOnly, delete: readOnly, iterate: () => [], reverse: () => [] };
function readOnly(): never {
  throw new Error("the state before genesis is read only");
}

/** Short windows, so that a whole task passes in some fifty blocks. */
export const QUICK: Partial<Params> = {
  anchorInterval: 2n, stallBlocks: 6n, supervisorStallBlocks: 8n, drawDelay: 2n, claimWindow: 5n, verdictWindow: 6n, registrationBlocks: 12n,
  joinBlocks: 5n, submissionBlocks: 4n, revealKeyBlocks: 8n, commitBlocks: 4n, revealScoresBlocks: 4n, seatUnlockBlocks: 15n, unbondBlocks: 10n,
  minSeatStake: 1_000n, minTaskFee: 1_000n, reward0: 5_000n, auditPpm: 0, target0: new Uint8Array(32).fill(255),
};

export interface ChainOptions {
  readonly params?: Partial<Params>;
  /** power of each validator */
  readonly powers?: readonly bigint[];
  /** what each of these names owns at first */
  readonly funds?: Readonly<Record<string, bigint>>;
  /** app_state by module, instead of all that */
  readonly genesis?: Readonly<Record<string, unknown>>;
}

/** By index of the validator: its verdicts, as they stand in its extension of the block before. */
export type Verdicts = Readonly<Record<number, readonly (readonly [job: bigint, code: VerdictCode, reason?: number])[]>>;

const keys = new Map<number, Pick<Validator, "beaconKey" | "beaconProof">>();
function beaconKeys(i: number): Pick<Validator, "beaconKey" | "beaconProof"> {
  let pair = keys.get(i);
  if (!pair) {
    const secret = blst.SecretKey.fromKeygen(new Uint8Array(32).fill(i + 1));
    const beaconKey = Uint8Array.from(secret.toPublicKey().toBytes());
    keys.set(i, (pair = { beaconKey, beaconProof: Uint8Array.from(secret.sign(possessionMessage(nodeCrypto, beaconKey)).toBytes()) }));
  }
  return pair;
}

export const validatorOf = (i: number, power: bigint): Validator =>
  Validator.create({ operator: address(`operator${i}`), consensusKey: new Uint8Array(32).fill(i + 1), power, ...beaconKeys(i) });

/** Any bytes do: the block pipeline has checked the signature before a module sees it. */
const signatureOf = (height: bigint): Uint8Array => concat(...[0, 1, 2].map((part) => nodeCrypto.sha256(utf8(`signature ${height}/${part}`))));

export class TestChain {
  readonly app = assemble();
  readonly validators: readonly Validator[];
  height = 1n;
  timeMs = 1_700_000_000_000n;
  /** of the newest block */
  events: readonly Event[] = [];
  /** of all blocks */
  readonly history: Event[] = [];
  private readonly state = new Overlay({ store: () => NOTHING });
  private votes: readonly LastVote[] = [];
  private readonly consensus: readonly Uint8Array[];
  private current: AppContext;

  constructor(o: ChainOptions = {}) {
    this.validators = (o.powers ?? [10n, 10n, 10n, 10n]).map((power, i) => validatorOf(i, power));
    this.consensus = this.validators.map((v) => nodeCrypto.sha256(v.consensusKey).slice(0, 20));
    this.current = new AppContext(environment, this.info(), this.state);
    const params = { ...defaultParams(DENOM), ...QUICK, ...o.params };
    const balances = Object.entries(o.funds ?? {}).map(([name, amount]) => ({ address: address(name), coins: [{ denom: DENOM, amount: `${amount}` }] }));
    const genesis: Readonly<Record<string, unknown>> = o.genesis ?? { bank: { balances }, validators: { validators: this.validators.map((v) => toJson(Validator, v)) } };
    for (const m of this.app.modules) {
      if (m.name === "params" && !o.genesis) this.app.keepers.params.set(this.current, params);
      else m.initGenesis?.(this.current, genesis[m.name]);
    }
    this.checkInvariants();
  }

  get k() {
    return this.app.keepers;
  }
  /** For reads between blocks; within a block, the block's own context. */
  get ctx(): AppContext {
    return this.current;
  }
  get params(): Params {
    return this.k.params.get(this.ctx);
  }
  balance(name: string): bigint {
    return this.k.bank.balance(this.ctx, address(name));
  }
  get supply(): bigint {
    return this.k.bank.supply(this.ctx);
  }

  private info(): BlockInfo {
    return {
      chainId: CHAIN, height: this.height, timeMs: this.timeMs, timeNs: this.timeMs * 1_000_000n, proposer: this.consensus[0] as Uint8Array,
      beaconSignature: signatureOf(this.height), votes: this.votes, totalPower: this.validators.reduce((n, v) => n + v.power, 0n),
    };
  }

  block(run: (c: this) => void = () => {}, verdicts: Verdicts = {}): readonly Event[] {
    const before = this.supply;
    this.height++;
    this.timeMs += 1_000n;
    this.votes = this.validators.map((v, i) => ({
      validator: this.consensus[i] as Uint8Array,
      power: v.power,
      extension: verdicts[i] ? encodeVerdicts(verdicts[i].map(([job, code, reason = 0]) => ({ job, code, reason }))) : new Uint8Array(0),
    }));
    this.current = new AppContext(environment, this.info(), this.state);
    this.app.beginBlock(this.current);
    run(this);
    this.app.endBlock(this.current);
    this.app.validatorUpdates(this.current);
    this.events = this.current.events;
    this.history.push(...this.events);
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
    for (const m of this.app.modules) {
      for (const [name, check] of Object.entries(m.invariants ?? {})) {
        const broken = check(this.ctx);
        if (broken) throw new Error(`invariant ${m.name}/${name} at ${this.height}: ${broken}`);
      }
    }
  }

  /** Runs a message as a transaction of the current block; `codespace/code` when it is refused. Any other throw passes on. */
  send(type: string, message: object): string | undefined {
    const handler = this.app.router.get(type.startsWith("/") ? type : `/pouw.v1.${type}`);
    if (!handler) throw new Error(`no handler for ${type}`);
    const branch = this.current.branch();
    try {
      handler.run(branch, handler.decode(handler.encode(message)));
    } catch (e) {
      if (e instanceof ModuleError) return `${e.codespace}/${e.code}`;
      throw e;
    }
    branch.commit();
    return undefined;
  }

  /** As send, in a block; a refusal is an error. */
  must(type: string, message: object): void {
    const refused = this.send(type, message);
    if (refused) throw new Error(`${type} at ${this.height}: ${refused}`);
  }

  of(type: string): Record<string, string>[] {
    return ofType([...this.history], type);
  }
}

export const coin = (amount: bigint, denom = DENOM) => ({ denom, amount: `${amount}` });

const amounts = (events: readonly Event[], type: string): bigint =>
  ofType([...events], type).reduce((sum, e) => sum + BigInt((e.amount ?? "0").replace(DENOM, "")), 0n);
