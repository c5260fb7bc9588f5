/** What CometBFT says of the last commit and of faults, in the words of the state machine. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { BlockIDFlag } from "cosmjs-types/tendermint/types/validator";
import { type Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import { EMPTY } from "#kernel/bytes.js";
import { type BlockInfo, type CommitVote, type Misbehaviour, type VoteFlag } from "#kernel/context.js";

export type LastCommit = BlockInfo["lastCommit"];

export const nanoseconds = (t: Timestamp | undefined): bigint => (t ? t.seconds * 1_000_000_000n + BigInt(t.nanos) : 0n);

const flagOf = (flag: BlockIDFlag): VoteFlag => (flag === BlockIDFlag.BLOCK_ID_FLAG_COMMIT ? "commit" : flag === BlockIDFlag.BLOCK_ID_FLAG_NIL ? "nil" : "absent");

const voteOf = (v: Pick<abci.VoteInfo, "validator" | "blockIdFlag">): CommitVote => ({
  validator: Uint8Array.from(v.validator?.address ?? EMPTY),
  power: v.validator?.power ?? 0n,
  flag: flagOf(v.blockIdFlag),
});

/** Of PrepareProposal's extended commit as well: its extensions stand apart. */
export const lastCommitOf = (c: { readonly round: number; readonly votes: readonly Pick<abci.VoteInfo, "validator" | "blockIdFlag">[] } | undefined): LastCommit => ({
  round: c?.round ?? 0,
  votes: (c?.votes ?? []).map(voteOf),
});

export function misbehaviourOf(list: readonly abci.Misbehavior[]): Misbehaviour[] {
  return list.flatMap((m) => {
    const kind = m.type === abci.MisbehaviorType.DUPLICATE_VOTE ? "duplicate-vote" : m.type === abci.MisbehaviorType.LIGHT_CLIENT_ATTACK ? "light-client-attack" : undefined;
    if (!kind) return [];
    return [{ kind, validator: Uint8Array.from(m.validator?.address ?? EMPTY), power: m.validator?.power ?? 0n, totalPower: m.totalVotingPower, height: m.height, timeNs: nanoseconds(m.time) }];
  });
}
