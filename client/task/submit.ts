/** Submitting a task: everything is checked here before anything is escrowed, then the client stays until the reveal. */
import { BlobClient } from "#net/index.js";
import { acceptSpec } from "#protocol/task-spec.js";
import {
  MsgCreateTask,
  MsgCreateTaskResponse,
  MsgRevealTestSet,
  Outcome,
  type Params,
  Phase,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryTaskStateRequest,
  QueryTaskStateResponse,
  Role,
  type TaskSpec,
} from "#proto/gen/pouw.js";
import { type RpcChain } from "../chain/index.js";
import { ChainError, type Message, type Sender } from "../chain/types.js";
import { prepareData, type PreparedData } from "../data/prepare.js";
import { formatAmount } from "./amount.js";
import { nameTask, savePending, type Submission } from "./submission.js";
import { type TaskFile, TaskFileError } from "./task-file.js";

export interface Submitter {
  readonly chain: RpcChain;
  readonly sender: Sender;
  readonly home: string;
  readonly allowPrivate: boolean;
  readonly say: (line: string) => void;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const POLL_MS = 700;

export async function chainParams(chain: RpcChain): Promise<Params> {
  const { value } = await chain.query("/pouw.v1.Query/Params", QueryParamsRequest, {}, QueryParamsResponse);
  if (!value.params) throw new Error("the chain answered no parameters");
  return value.params;
}

/** The spec with its data, accepted by the chain's own rules. Throws TaskFileError with the field. */
export function completeSpec(file: TaskFile, data: PreparedData, params: Params, path: string): TaskSpec {
  const { manifest, manifestCid } = data.packed;
  const { cid, plaintextHash, keyHash, rows } = data.test;
  const spec: TaskSpec = { ...file.spec, batches: manifest.batches - manifest.validationBatches, manifestCid, testSet: { cid, plaintextHash, keyHash, rows } };
  const refuse = (text: string) => {
    throw new TaskFileError(`${path}: ${text}`);
  };
  try {
    acceptSpec(spec, params);
  } catch (e) {
    return refuse(`task.${(e as Error).message}`);
  }
  if (file.fee < params.minTaskFee) refuse(`task.fee: got ${formatAmount(file.fee)}, want at least ${formatAmount(params.minTaskFee)}`);
  const bond = (file.fee * BigInt(params.clientBond) + 999_999n) / 1_000_000n;
  if (file.bond < bond) refuse(`task.bond: got ${formatAmount(file.bond)}, want at least ${formatAmount(bond)}, ${params.clientBond / 10_000} % of the fee`);
  return spec;
}

/** Checks, saves what must not be lost, creates the task. Answers its number. */
export async function createTask(file: TaskFile, path: string, s: Submitter): Promise<{ id: bigint; submission: Submission }> {
  const { plan, shape } = file;
  const params = await chainParams(s.chain);
  const data = prepareData(file.data, shape, {
    name: file.spec.title,
    inputShape: plan.inputShape,
    targetShape: shape.classes > 0 ? [] : [plan.outputSize],
    batchSize: file.spec.batchSize,
  });
  const spec = completeSpec(file, data, params, path);
  for (const note of file.notes) s.say(`note: ${note}`);
  const submission = savePending(s.home, data);
  const coin = (amount: bigint) => ({ denom: params.denom, amount: `${amount}` });
  const value = MsgCreateTask.create({ client: s.sender.address, spec, fee: coin(file.fee), bond: coin(file.bond) });
  const result = await s.sender.send([{ codec: MsgCreateTask, value } as Message]);
  if (result.code !== 0) throw new ChainError(result.codespace, result.code, result.log);
  const response = result.responses[0];
  if (!response) throw new Error("the chain answered no task number");
  const { id } = MsgCreateTaskResponse.decode(response.value);
  nameTask(s.home, data.test.cid, id);
  return { id, submission };
}

/**
 * Gives the data to every supervisor that joins, reveals the key in Evaluation, and comes back when the task is over.
 * Safe to be run again after it was killed.
 */
export async function attend(id: bigint, submission: Submission, s: Submitter, until: "reveal" | "end", signal?: AbortSignal): Promise<Outcome> {
  const given = new Set<string>();
  const blobs = new BlobClient({ endpoints: [], allowPrivate: s.allowPrivate });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { value } = await s.chain.query("/pouw.v1.Query/TaskState", QueryTaskStateRequest, { id }, QueryTaskStateResponse);
      const { task, seats } = value;
      if (!task) throw new Error(`there is no task ${id}`);
      if (task.outcome !== Outcome.OUTCOME_UNSPECIFIED) return task.outcome;
      if (task.phase === Phase.PHASE_INITIALISATION) {
        const waiting = seats.filter((x) => x.role === Role.ROLE_SUPERVISOR && x.joined && !x.dropped && !x.confirmed && x.endpoint && !given.has(`${x.worker} ${x.endpoint}`));
        await Promise.all(
          waiting.map(async ({ endpoint, worker }) => {
            try {
              for (const b of submission.blobs) await blobs.putTo(endpoint, id, b.cid, b.bytes, { timeout: 120_000 });
              given.add(`${worker} ${endpoint}`);
              s.say(`supervisor ${endpoint} has the data`);
            } catch (e) {
              s.say(`supervisor ${endpoint} did not take the data, trying again: ${(e as Error).message}`);
            }
          }),
        );
      }
      if (task.phase === Phase.PHASE_EVALUATION && task.evaluationStep === 1n && task.testKey.length === 0) {
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
export async function reveal(id: bigint, key: Uint8Array, s: Pick<Submitter, "sender" | "say">): Promise<void> {
  const value = MsgRevealTestSet.create({ client: s.sender.address, taskId: id, key });
  const result = await s.sender.send([{ codec: MsgRevealTestSet, value } as Message]);
  if (result.code !== 0) throw new ChainError(result.codespace, result.code, result.log);
  s.say(`the key of task ${id} is revealed`);
}
