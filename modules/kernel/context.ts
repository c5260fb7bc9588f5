/** What a state transition sees: the block it runs in, its stores, its gas and its events. */
import { type View } from "./store.js";

export interface EventAttribute {
  readonly key: string;
  readonly value: string;
}
export interface Event {
  readonly type: string;
  readonly attributes: readonly EventAttribute[];
}

/** What a validator did in the last commit: it signed the block, it signed that there is none, or it was not heard. */
export type VoteFlag = "commit" | "nil" | "absent";

/** One validator's place in the last commit. */
export interface CommitVote {
  /** consensus address, 20 bytes */
  readonly validator: Uint8Array;
  readonly power: bigint;
  readonly flag: VoteFlag;
}

/** Proof of a validator's fault, as the engine hands it over. */
export interface Misbehaviour {
  readonly kind: "duplicate-vote" | "light-client-attack";
  /** consensus address, 20 bytes */
  readonly validator: Uint8Array;
  /** of the validator, and of all, at `height` */
  readonly power: bigint;
  readonly totalPower: bigint;
  readonly height: bigint;
  readonly timeNs: bigint;
}

/** What the header of a block says of it. */
export interface HeaderInfo {
  readonly chainId: string;
  readonly height: bigint;
  /** BFT time, milliseconds since 1970, rounded down */
  readonly timeMs: bigint;
  /** the same instant in nanoseconds; the genesis time in InitChain */
  readonly timeNs: bigint;
  /** consensus address of the proposer, 20 bytes */
  readonly proposer: Uint8Array;
}

/** Facts of the block, equal on every node. */
export interface BlockInfo extends HeaderInfo {
  /** of block height − 1, absent validators included; empty in the first block */
  readonly lastCommit: { readonly round: number; readonly votes: readonly CommitVote[] };
  readonly misbehaviour: readonly Misbehaviour[];
  /** of transaction 0; empty when it failed its check */
  readonly beaconSignature: Uint8Array;
  /** vote extensions that came through transaction 0, by place in the last commit; empty ones of who sent none */
  readonly extensions: readonly Uint8Array[];
}

/** The power of all validators in the last commit. */
export const totalPower = ({ lastCommit }: Pick<BlockInfo, "lastCommit">): bigint => lastCommit.votes.reduce((sum, v) => sum + v.power, 0n);

export interface GasMeter {
  readonly limit: bigint;
  readonly used: bigint;
  /** Throws sdk.outOfGas `out of gas in location: X; gasWanted: A, gasUsed: B` past the limit. */
  consume(amount: bigint, location: string): void;
}

export interface Context extends View {
  readonly block: BlockInfo;
  readonly gas: GasMeter;
  emit(event: Event): void;
  /** A child whose writes and events reach this one only by commit(). */
  branch(): Context & { commit(): void };
}

/** Read-only view at a committed height, for queries; `block` is that height's header. */
export interface QueryContext extends View {
  readonly block: HeaderInfo;
}
