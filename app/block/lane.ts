/**
 * The lane (protocol section 13): a part of each block that is kept for messages which a deadline of a task waits for, so that
 * whoever fills blocks makes nobody late. They are in it when their signer has the seat, or the task, that they are about.
 */
import { type View } from "#kernel/store.js";
import { MsgCommitScores, MsgRevealScores, MsgSubmitModel } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { MsgJoinTask } from "#proto/gen/pouw/matching/v1/tx.js";
import { MsgAnchorLog, MsgConfirmData } from "#proto/gen/pouw/supervision/v1/tx.js";
import { MsgRevealTestSet } from "#proto/gen/pouw/tasks/v1/tx.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { type Keepers } from "../assemble.js";
import { type DecodedTx, decodeTx } from "../tx/decode.js";
import { type Router } from "../tx/router.js";

export type LaneKeepers = { readonly matching: Pick<Keepers["matching"], "sits">; readonly tasks: Pick<Keepers["tasks"], "get"> };

/** Messages of who sits in a task. */
const SEATED: readonly string[] = [MsgJoinTask, MsgConfirmData, MsgAnchorLog, MsgSubmitWork, MsgSubmitModel, MsgCommitScores, MsgRevealScores].map((c) => c.typeUrl);
/** Messages of whose task it is. */
const OWNED: readonly string[] = [MsgRevealTestSet.typeUrl];

/** More, and one who has a seat of a cheap task would fill the lane with it. */
const MOST_MESSAGES = 16;

/** Whether all of a transaction's messages are such. Reads a record for each. */
function isUrgent(view: View, { matching, tasks }: LaneKeepers, { messages }: Pick<DecodedTx, "messages">): boolean {
  if (messages.length > MOST_MESSAGES) return false;
  return messages.every(({ handler, value, signers: [signer = ""] }) => {
    const { taskId } = value as { readonly taskId: bigint };
    if (SEATED.includes(handler.typeUrl)) return matching.sits(view, signer, taskId);
    return OWNED.includes(handler.typeUrl) && tasks.get(view, taskId)?.client === signer;
  });
}

/** Who signs a transaction that is such; undefined for all others, and for bytes that are none. */
export function urgentSigner(view: View, keepers: LaneKeepers, router: Router, tx: Uint8Array): string | undefined {
  if (!mayBeUrgent(tx)) return undefined;
  try {
    const decoded = decodeTx(tx, router);
    return isUrgent(view, keepers, decoded) ? decoded.signers[0] : undefined;
  } catch {
    return undefined;
  }
}

/** Where all these types begin: a transaction without it need not be decoded. */
const BEGINS = Buffer.from("/pouw.");
const mayBeUrgent = (tx: Uint8Array): boolean => Buffer.from(tx.buffer, tx.byteOffset, tx.byteLength).includes(BEGINS);
