/** What a recorded chain exercises: how many transactions there are of each message type, and how many blocks lacked a vote. */
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { isBlockDataTx } from "#protocol/block-data.js";
import { type Recording } from "./recording.js";

export interface Coverage {
  /** message type → transactions that succeeded and that failed */
  readonly messages: ReadonlyMap<string, { readonly succeeded: number; readonly failed: number }>;
  readonly blocksWithAbsentVotes: number;
}

const FLAG_COMMIT = 2;

export function coverageOf({ blocks }: Recording): Coverage {
  const messages = new Map<string, { succeeded: number; failed: number }>();
  let blocksWithAbsentVotes = 0;
  for (const { request, agreed } of blocks) {
    if (request.decidedLastCommit.votes.some((v) => v.blockIdFlag !== FLAG_COMMIT)) blocksWithAbsentVotes++;
    for (const [i, tx] of request.txs.entries()) {
      if (isBlockDataTx(tx)) continue;
      for (const { typeUrl } of TxBody.decode(TxRaw.decode(tx).bodyBytes).messages) {
        const count = messages.get(typeUrl) ?? { succeeded: 0, failed: 0 };
        if (agreed.txResults[i]?.code === 0) count.succeeded++;
        else count.failed++;
        messages.set(typeUrl, count);
      }
    }
  }
  return { messages, blocksWithAbsentVotes };
}

/** At least one message of each module that has any, and what only a task brings about that trains, is evaluated and has a cheat. */
const WANTED: readonly string[] = [
  "/cosmos.bank.v1beta1.MsgSend",
  "/cosmos.bank.v1beta1.MsgMultiSend",
  "/cosmos.staking.v1beta1.MsgDelegate",
  "/cosmos.staking.v1beta1.MsgUndelegate",
  "/cosmos.staking.v1beta1.MsgBeginRedelegate",
  "/cosmos.staking.v1beta1.MsgCancelUnbondingDelegation",
  "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward",
  "/cosmos.distribution.v1beta1.MsgWithdrawValidatorCommission",
  "/cosmos.distribution.v1beta1.MsgFundCommunityPool",
  "/cosmos.feegrant.v1beta1.MsgGrantAllowance",
  "/cosmos.authz.v1beta1.MsgGrant",
  "/cosmos.authz.v1beta1.MsgExec",
  "/cosmos.vesting.v1beta1.MsgCreateVestingAccount",
  "/cosmos.gov.v1.MsgSubmitProposal",
  "/cosmos.gov.v1.MsgDeposit",
  "/cosmos.gov.v1.MsgVote",
  "/cosmos.gov.v1.MsgVoteWeighted",
  "/pouw.workers.v1.MsgRegisterWorker",
  "/pouw.workers.v1.MsgUnbond",
  "/pouw.tasks.v1.MsgCreateTask",
  "/pouw.tasks.v1.MsgCancelTask",
  "/pouw.tasks.v1.MsgStopTraining",
  "/pouw.tasks.v1.MsgRevealTestSet",
  "/pouw.matching.v1.MsgJoinTask",
  "/pouw.supervision.v1.MsgConfirmData",
  "/pouw.supervision.v1.MsgAnchorLog",
  "/pouw.supervision.v1.MsgReportEquivocation",
  "/pouw.work.v1.MsgSubmitWork",
  "/pouw.evaluation.v1.MsgCommitScores",
  "/pouw.evaluation.v1.MsgRevealScores",
];

/** What a recording should hold and does not. */
export function lacking(recording: Recording): string[] {
  const { messages, blocksWithAbsentVotes } = coverageOf(recording);
  const out = WANTED.filter((typeUrl) => !messages.get(typeUrl)?.succeeded);
  if (![...messages.values()].some((m) => m.failed > 0)) out.push("a transaction that failed");
  if (blocksWithAbsentVotes === 0) out.push("an absent vote");
  return out;
}
