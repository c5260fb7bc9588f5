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

/** One validator's place in the last commit, with its vote extension as it came through transaction 0. */
export interface LastVote {
  /** consensus address, 20 bytes */
  readonly validator: Uint8Array;
  readonly power: bigint;
  /** empty when the validator did not commit, or its extension was emptied */
  readonly extension: Uint8Array;
}

/** Facts of the block, equal on every node. */
export interface BlockInfo {
  readonly chainId: string;
  readonly height: bigint;
  /** BFT time, milliseconds since 1970, rounded down */
  readonly timeMs: bigint;
  /** the same instant in nanoseconds; the genesis time in InitChain */
  readonly timeNs: bigint;
  /** consensus address of the proposer, 20 bytes */
  readonly proposer: Uint8Array;
  /** of transaction 0; empty when it failed its check */
  readonly beaconSignature: Uint8Array;
  readonly votes: readonly LastVote[];
  /** sum of the power of all validators in the last commit, absent ones included */
  readonly totalPower: bigint;
}

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

/** Read-only view at a committed height, for queries. */
export interface QueryContext extends View {
  readonly block: Pick<BlockInfo, "chainId" | "height" | "timeMs">;
}

export const event = (type: string, attributes: Record<string, string | bigint | number>): Event => ({
  type,
  attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: `${value}` })),
});
