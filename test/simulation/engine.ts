/**
 * What the engine says of a block: who was to sign the one before and did, who proved to have signed twice, what validators
 * say of jobs. Its validators are those that the chain tells it, two blocks later, as in CometBFT.
 */
import { consensusAddress } from "#kernel/address.js";
import { EMPTY, fromHex, toHex } from "#kernel/bytes.js";
import type { BlockInfo, CommitVote, Misbehaviour } from "#kernel/context.js";
import type { ValidatorUpdate } from "#kernel/module.js";
import type { Job } from "#modules/work/types.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { encodeVerdicts, MAX_EXTENSION_ENTRIES } from "#protocol/verification/extension.js";
import type { TestChain } from "#test/chain/chain.js";
import type { Random } from "./random.js";

/** power by consensus address, hexadecimal; in the engine's order, which is that of power */
type Validators = ReadonlyMap<string, bigint>;
interface Signed {
  readonly height: bigint;
  readonly timeNs: bigint;
  readonly set: Validators;
}

/** Fewer validators than that are left alone, for a chain without any has stopped. */
const LEAST_VALIDATORS = 4;
const REMEMBERED = 30;
const CODES: readonly (readonly [number, VerdictCode])[] = [
  [88, VerdictCode.VERDICT_VALID], [4, VerdictCode.VERDICT_INVALID], [3, VerdictCode.VERDICT_VOID], [3, VerdictCode.VERDICT_NO_RESIDUAL], [2, VerdictCode.VERDICT_UNSERVED],
];

export class Engine {
  /** of this block and of the next */
  private now: Validators;
  private next: Validators;
  /** who is not heard until which height */
  private readonly away = new Map<string, bigint>();
  private readonly signed: Signed[] = [];
  private readonly codes = new Map<bigint, VerdictCode>();

  constructor(private readonly random: Random, private readonly chain: TestChain) {
    this.now = this.next = this.members();
  }

  /** Of the block behind the chain's newest. */
  block(): Partial<BlockInfo> {
    const { random, chain } = this;
    chain.timeMs += BigInt(random.percent(3) ? random.between(10_000, 60_000) : random.below(2_500));
    const height = chain.height + 1n;
    const timeMs = chain.timeMs + 1_000n;
    const timeNs = timeMs * 1_000_000n + random.big(1_000_000n);
    const votes = this.votes(height);
    return {
      timeNs,
      proposer: fromHex(random.pick([...this.now.keys()])),
      lastCommit: { round: random.percent(5) ? 1 : 0, votes },
      misbehaviour: random.percent(2) ? this.misbehaviour() : [],
      beaconSignature: random.percent(90) ? random.bytes(96) : EMPTY,
      extensions: this.extensions(votes),
    };
  }

  /** The block was committed. */
  committed({ height, timeNs }: Pick<BlockInfo, "height" | "timeNs">, updates: readonly ValidatorUpdate[]): void {
    this.signed.push({ height, timeNs, set: this.now });
    if (this.signed.length > REMEMBERED) this.signed.shift();
    this.now = this.next;
    this.next = this.changed(updates);
    if (this.next.size === 0) throw new Error(`no validator is left after block ${height}`);
    const members = text(this.members());
    if (members !== text(this.next)) throw new Error(`staking's validators are ${members}, the engine's ${text(this.next)}`);
  }

  private members(): Validators {
    return ordered(this.chain.k.staking.members(this.chain.ctx).map((m) => [toHex(m.consensusAddress), m.power]));
  }

  private changed(updates: readonly ValidatorUpdate[]): Validators {
    const next = new Map(this.next);
    for (const { key, power } of updates) {
      const address = toHex(consensusAddress(this.chain.environment.crypto, key));
      if (power > 0n) next.set(address, power);
      // As CometBFT, which stops over one that it does not know.
      else if (!next.delete(address)) throw new Error(`the engine is to drop a validator that it does not have, ${address}`);
    }
    return ordered([...next]);
  }

  /** More than two thirds have signed what was committed. */
  private votes(height: bigint): CommitVote[] {
    const { random } = this;
    const set = this.signed.at(-1)?.set ?? new Map<string, bigint>();
    let spare = [...set.values()].reduce((sum, p) => sum + p, 0n) / 3n;
    return [...set].map(([address, power]) => {
      if (random.percent(2)) this.away.set(address, height + BigInt(random.between(1, 25)));
      const missing = (this.away.get(address) ?? 0n) > height && power < spare;
      if (missing) spare -= power;
      return { validator: fromHex(address), power, flag: missing ? (random.percent(20) ? "nil" : "absent") : "commit" };
    });
  }

  private misbehaviour(): Misbehaviour[] {
    const { random } = this;
    const past = random.some(this.signed);
    if (!past || this.next.size <= LEAST_VALIDATORS || this.now.size <= LEAST_VALIDATORS) return [];
    const [address, power] = random.pick([...past.set]);
    const totalPower = [...past.set.values()].reduce((sum, p) => sum + p, 0n);
    const proof: Misbehaviour = { kind: random.percent(80) ? "duplicate-vote" : "light-client-attack", validator: fromHex(address), power, totalPower, height: past.height, timeNs: past.timeNs };
    return random.percent(10) ? [proof, proof] : [proof];
  }

  /** Validators mostly agree on a job, and see it at different times. */
  private extensions(votes: readonly CommitVote[]): Uint8Array[] {
    const { random, chain } = this;
    const jobs = chain.k.work.openJobs(chain.ctx).slice(0, MAX_EXTENSION_ENTRIES);
    return votes.map(({ flag }) => {
      if (flag !== "commit" || jobs.length === 0 || random.percent(10)) return EMPTY;
      if (random.percent(1)) return random.bytes(random.below(40));
      const judged = jobs.filter(() => random.percent(40));
      return encodeVerdicts(judged.map((job) => ({ job: job.id, code: random.percent(95) ? this.codeOf(job) : random.weighted(CODES), reason: 0 })));
    });
  }

  private codeOf({ id }: Job): VerdictCode {
    let code = this.codes.get(id);
    if (code === undefined) this.codes.set(id, (code = this.random.weighted(CODES)));
    return code;
  }
}

const ordered = (list: readonly (readonly [string, bigint])[]): Validators => new Map([...list].sort(([a, p], [b, q]) => (p !== q ? (p > q ? -1 : 1) : a < b ? -1 : 1)));
const text = (set: Validators): string => [...set].map(([address, power]) => `${address}: ${power}`).join(", ");
