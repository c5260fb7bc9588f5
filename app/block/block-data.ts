/** Transaction 0: made by the proposer, judged by everybody (protocol section 11). Pure: never throws for what it is given. */
import { type CommitVote } from "#kernel/context.js";
import { type View } from "#kernel/store.js";
import { decodeBlockDataTx, encodeBlockDataTx, isBlockDataTx } from "#protocol/block-data.js";
import { largestBlockDataTx } from "#protocol/block-room.js";
import { beaconMessage } from "#protocol/draws/beacon.js";
import { extensionSignBytes, MAX_EXTENSION_BYTES } from "#protocol/verification/extension.js";
import { type ExtendedVote, MsgBlockData } from "#proto/gen/pouw/v1/block.js";
import { type LastCommit } from "./commit.js";

/** What the check needs of committed state h − 1. */
export interface BlockDataState {
  readonly staking: { byConsensusAddress(view: View, address: Uint8Array): { readonly operator: string; readonly consensusKey: Uint8Array } | undefined };
  readonly beacon: {
    latest(view: View): { readonly value: Uint8Array };
    /** the key that signs the beacon of a block */
    proposerKey(view: View, operator: string, height: bigint): Uint8Array | undefined;
  };
}

export interface BlockFacts {
  readonly chainId: string;
  readonly height: bigint;
  readonly proposer: Uint8Array;
  readonly lastCommit: LastCommit;
}

export type BlockDataVerdict = { readonly ok: true; readonly beaconSignature: Uint8Array; readonly extensions: readonly Uint8Array[] } | { readonly ok: false; readonly reason: string };

const EMPTY = new Uint8Array(0);
const TYPE_URL = Buffer.from(MsgBlockData.typeUrl);
/** the type URL stands behind three tags and lengths */
const HEAD_BYTES = 20;

/**
 * Whether a transaction could be block data of a commit of so many votes. What is too long is not decoded: it is whatever
 * a proposer chose. PERF: refusing by an exception costs 30 µs, and a block has thousands that are none: they are told by
 * their first bytes.
 */
export function isBlockData(tx: Uint8Array, votes: number): boolean {
  if (tx.length > largestBlockDataTx(votes)) return false;
  return Buffer.from(tx.buffer, tx.byteOffset, Math.min(tx.length, HEAD_BYTES + TYPE_URL.length)).includes(TYPE_URL) && isBlockDataTx(tx);
}

const isEmpty = (v: ExtendedVote): boolean => v.extension.length === 0 && v.signature.length === 0;

function signatureHolds(ctx: View, state: BlockDataState, f: BlockFacts, vote: CommitVote, v: ExtendedVote): boolean {
  const key = state.staking.byConsensusAddress(ctx, vote.validator)?.consensusKey;
  if (!key) return false;
  const bytes = extensionSignBytes({ extension: v.extension, height: f.height - 1n, round: f.lastCommit.round, chainId: f.chainId });
  // By CometBFT's own rule: it has let this vote into the commit, and an honest proposer's block must not fail here.
  return ctx.crypto.verifyEd25519Zip215(key, bytes, v.signature);
}

/** The proposer's transaction 0: an entry is emptied when its flag is not COMMIT, it is too long, or its signature fails. */
export function makeBlockData(ctx: View, state: BlockDataState, f: BlockFacts, extended: readonly ExtendedVote[], sign: (message: Uint8Array) => Uint8Array): Uint8Array {
  const votes = f.lastCommit.votes.map((vote, i): ExtendedVote => {
    const v = extended[i] ?? { extension: EMPTY, signature: EMPTY };
    const keep = vote.flag === "commit" && v.extension.length <= MAX_EXTENSION_BYTES && signatureHolds(ctx, state, f, vote, v);
    return keep ? v : { extension: EMPTY, signature: EMPTY };
  });
  const message = beaconMessage(ctx.crypto, { chainId: f.chainId, height: f.height, previous: state.beacon.latest(ctx).value });
  return encodeBlockDataTx(MsgBlockData.create({ beaconSignature: sign(message), votes }));
}

export function checkBlockData(ctx: View, state: BlockDataState, f: BlockFacts, tx: Uint8Array | undefined): BlockDataVerdict {
  const no = (reason: string): BlockDataVerdict => ({ ok: false, reason });
  if (!tx) return no("the block has no transaction 0");
  const { votes } = f.lastCommit;
  const most = largestBlockDataTx(votes.length);
  if (tx.length > most) return no(`transaction 0 has ${tx.length} bytes, want at most ${most} for ${votes.length} votes`);
  let data: MsgBlockData;
  try {
    data = decodeBlockDataTx(tx);
  } catch (e) {
    return no(`transaction 0: ${(e as Error).message}`);
  }
  if (data.votes.length !== votes.length) return no(`transaction 0 has ${data.votes.length} votes, the last commit ${votes.length}`);
  const proposer = state.staking.byConsensusAddress(ctx, f.proposer);
  const key = proposer && state.beacon.proposerKey(ctx, proposer.operator, f.height);
  if (!key) return no("the proposer has no beacon key");
  const message = beaconMessage(ctx.crypto, { chainId: f.chainId, height: f.height, previous: state.beacon.latest(ctx).value });
  if (!ctx.crypto.verifyBls(key, message, data.beaconSignature)) return no("the beacon signature does not verify");

  let all = 0n;
  let valid = 0n;
  const extensions: Uint8Array[] = [];
  for (const [i, vote] of votes.entries()) {
    const v = data.votes[i] as ExtendedVote;
    all += vote.power;
    extensions.push(v.extension);
    if (isEmpty(v)) continue;
    if (vote.flag !== "commit") return no(`vote ${i} must be empty: its validator did not commit`);
    if (v.extension.length > MAX_EXTENSION_BYTES) return no(`vote ${i} must be empty: its extension has ${v.extension.length} bytes`);
    if (!signatureHolds(ctx, state, f, vote, v)) return no(`the extension signature of vote ${i} does not verify`);
    valid += vote.power;
  }
  if (votes.length > 0 && 3n * valid <= 2n * all) return no(`signed extensions have ${valid} of ${all} power, want more than two thirds`);
  return { ok: true, beaconSignature: data.beaconSignature, extensions };
}
