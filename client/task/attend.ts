/** A client at the side of its task: gives the data to the supervisors, reveals the test set's key, waits for the end. */
import { equalBytes } from "#kernel/bytes.js";
import { BlobClient } from "#net/index.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgRevealTestSet } from "#proto/gen/pouw/tasks/v1/tx.js";
import { EvaluationStep, Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Chain, ChainError, type Message, type Sender } from "../chain/types.js";
import { CliError } from "../cli-error.js";
import { type Submission } from "./submission.js";

export interface Attendant {
  readonly chain: Chain;
  readonly sender: Sender;
  readonly home: string;
  readonly allowPrivate: boolean;
  readonly say: (line: string) => void;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const POLL_MS = 700;

/**
 * Gives the data to every supervisor that joins, reveals the key in Evaluation, and comes back when the task is over.
 * Safe to be run again after it was killed.
 */
export async function attend(id: bigint, submission: Submission, s: Attendant, until: "reveal" | "end", signal?: AbortSignal): Promise<Outcome> {
  const given = new Set<string>();
  const blobs = new BlobClient({ endpoints: [], allowPrivate: s.allowPrivate });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { value } = await s.chain.query(TasksQuery.methods.taskState, { id });
      const { task, seats } = value;
      if (!task) throw new CliError("state", `there is no task ${id} on the chain ${s.chain.chainId}: \`pouwd task list\` shows those there are.`);
      if (!equalBytes(task.spec?.testSet?.keyHash ?? submission.keyHash, submission.keyHash)) {
        throw new CliError("state", `task ${id} of the chain ${s.chain.chainId} is another one than ${s.home} submitted: give the --node of the chain, or the --home, that belongs to it.`);
      }
      if (task.outcome !== Outcome.OUTCOME_UNSPECIFIED) return task.outcome;
      if (task.phase === Phase.PHASE_INITIALISATION) {
        const waiting = seats.filter((x) => x.role === Role.ROLE_SUPERVISOR && x.joined && !x.dropped && !x.confirmed && x.endpoint && !given.has(`${x.worker} ${x.endpoint}`));
        await Promise.all(
          waiting.map(async ({ endpoint, worker }) => {
            try {
              for (const b of submission.blobs) await blobs.putTo(endpoint, id, b.cid, b.read(), { timeout: 120_000 });
              given.add(`${worker} ${endpoint}`);
              s.say(`supervisor ${endpoint} has the data`);
            } catch (e) {
              s.say(`supervisor ${endpoint} did not take the data, trying again: ${(e as Error).message}`);
            }
          }),
        );
      }
      if (task.phase === Phase.PHASE_EVALUATION && task.evaluationStep === EvaluationStep.EVALUATION_STEP_KEY && !task.testKey) {
        await reveal(id, submission.key, s);
        if (until === "reveal") return task.outcome;
      }
      await sleep(POLL_MS);
    }
  } finally {
    blobs.close();
  }
}

/** Opens the test set to everybody. Throws ChainError when it is not time, or the key is not the sealed one. */
export async function reveal(id: bigint, key: Uint8Array, s: Pick<Attendant, "sender" | "say">): Promise<void> {
  const value = MsgRevealTestSet.create({ client: s.sender.address, taskId: id, key });
  const result = await s.sender.send([{ codec: MsgRevealTestSet, value } as Message]);
  if (result.code !== 0) throw new ChainError(result.codespace, result.code, result.log);
  s.say(`the key of task ${id} is revealed`);
}
