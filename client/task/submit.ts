/** Submitting a task: everything is checked before anything is escrowed, and nothing is escrowed twice. */
import { equalBytes } from "#kernel/bytes.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgCreateTask, MsgCreateTaskResponse } from "#proto/gen/pouw/tasks/v1/tx.js";
import { balanceOf } from "../chain/balance.js";
import { type ChainParams, chainParams } from "../chain/params.js";
import { type Chain, ChainError, type Message } from "../chain/types.js";
import { CliError } from "../cli-error.js";
import { type PreparedData } from "../data/prepare.js";
import { type Attendant } from "./attend.js";
import { boundsOf, checkData, checkFunds, checkMoney, completeSpec } from "./check.js";
import { fit } from "./fit.js";
import { fingerprintOf, nameTask, pendingSubmission, readSubmission, type Submission } from "./submission.js";
import { type Money, type TaskFile } from "./task-file.js";

const PAGE = 100;

export interface Created {
  readonly id: bigint;
  readonly submission: Submission;
  /** an earlier run had created it and was interrupted */
  readonly found: boolean;
}

/**
 * Checks, saves what must not be lost, creates the task. When an earlier run of the same task was interrupted, its
 * saved key and data are used again, and a task that it created is found on chain by them instead of paid for again.
 */
export async function createTask(file: TaskFile, s: Attendant): Promise<Created> {
  const params = await chainParams(s.chain);
  const money = checkMoney(file, params);
  const drawn = await checkData(file);
  try {
    return await createWith(file, drawn, params, money, s);
  } finally {
    drawn.close();
  }
}

async function createWith(file: TaskFile, drawn: PreparedData, params: ChainParams, money: Money, s: Attendant): Promise<Created> {
  const coin = (amount: bigint) => ({ denom: params.staking.bondDenom, amount: `${amount}` });
  // What the chain would refuse is told before anything is tried out.
  completeSpec(file, drawn, boundsOf(params));
  const fitted = await fit(file, drawn);
  const message = MsgCreateTask.create({ client: s.sender.address, spec: completeSpec(file, drawn, boundsOf(params), fitted), fee: coin(money.fee), bond: coin(money.bond) });
  const fingerprint = fingerprintOf(s.chain.chainId, message);
  const { submission, begunBefore } = pendingSubmission(s.home, fingerprint, drawn);
  const done = (id: bigint, found: boolean): Created => {
    nameTask(s.home, fingerprint, id);
    // its files stand in the folder of that number now
    return { id, submission: readSubmission(s.home, id), found };
  };
  const earlier = begunBefore ? await taskOf(s.chain, s.sender.address, submission.keyHash) : undefined;
  if (earlier !== undefined) return done(earlier, true);

  checkFunds(file, money, await balanceOf(s.chain, s.sender.address, params.staking.bondDenom), s.sender.address, params.staking.bondDenom);
  for (const note of [...file.notes, ...fitted.notes]) s.say(`note: ${note}`);
  const value = MsgCreateTask.create({ ...message, spec: withTestSet(message, submission) });
  try {
    return done(await send(value, submission, s), false);
  } catch (e) {
    if (e instanceof CreatedBefore) return done(e.id, true);
    if (e instanceof CliError && e.code === "node") throw new CliError("node", `${e.message} Run the same command again: it finds the task if it was created, and never pays twice.`);
    throw e;
  }
}

/** Not a failure: the task that was to be created is there. */
class CreatedBefore extends Error {
  constructor(readonly id: bigint) {
    super(`task ${id} is created already`);
  }
}

async function send(value: MsgCreateTask, submission: Submission, s: Attendant): Promise<bigint> {
  // A transaction of an interrupted run may still be on its way. It can only be executed at the sequence it was signed
  // with: once the sequence has been read, the task is on chain, or that transaction is dead, or it competes for the very
  // sequence that is signed now, and one of the two is refused.
  const beforeSigning = async (): Promise<void> => {
    const id = await taskOf(s.chain, s.sender.address, submission.keyHash);
    if (id !== undefined) throw new CreatedBefore(id);
  };
  const result = await s.sender.send([{ codec: MsgCreateTask, value } as Message], { beforeSigning });
  if (result.code !== 0) {
    await beforeSigning();
    throw new ChainError(result.codespace, result.code, result.log);
  }
  const response = result.responses[0];
  if (!response) throw new CliError("node", "the node answered no task number.");
  return MsgCreateTaskResponse.decode(response.value).id;
}

/** The client's task with this test set, or undefined. The key is drawn at random, so its hash names one submission. */
async function taskOf(chain: Chain, client: string, keyHash: Uint8Array): Promise<bigint | undefined> {
  for (let startAfter = 0n; ; ) {
    const { value } = await chain.query(TasksQuery.methods.tasks, { startAfter, limit: PAGE, client });
    const found = value.tasks.find((t) => equalBytes(t.spec?.testSet?.keyHash ?? new Uint8Array(0), keyHash));
    if (found) return found.id;
    const last = value.tasks.at(-1);
    if (!last || value.tasks.length < PAGE) return undefined;
    startAfter = last.id;
  }
}

/** The spec with the test set as it was sealed when the submission was begun. */
function withTestSet({ spec }: MsgCreateTask, { blobs, keyHash }: Submission): MsgCreateTask["spec"] {
  if (!spec?.testSet) throw new Error("the spec has no test set");
  return { ...spec, testSet: { ...spec.testSet, cid: blobs.at(-1)?.cid ?? "", keyHash } };
}
