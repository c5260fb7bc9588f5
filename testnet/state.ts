/** Reading the chain's state for the launcher and the demo. */
import { connectChain } from "#client/chain/index.js";
import { type Chain } from "#client/chain/types.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { EvaluationQuery, type QueryTaskResultResponse } from "#proto/gen/pouw/evaluation/v1/query.js";
import { type QueryTaskStateResponse, TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import type { Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { WorkersQuery } from "#proto/gen/pouw/workers/v1/query.js";
import type { Worker } from "#proto/gen/pouw/workers/v1/types.js";

export const connect = (rpc: string, signal?: AbortSignal): Promise<Chain> => connectChain({ rpc, ...(signal ? { signal } : {}) });

export async function workers(chain: Chain): Promise<Worker[]> {
  const { value } = await chain.query(WorkersQuery.methods.workers, { limit: 1000 });
  return value.workers;
}

let known: { rpc: string; chain: Chain } | undefined;
/** How many workers the chain knows. */
export async function workersRegistered(rpc: string): Promise<number> {
  if (known?.rpc !== rpc) known = { rpc, chain: await connect(rpc) };
  return (await workers(known.chain)).length;
}

export async function supplyOf(chain: Chain, denom: string, height?: bigint): Promise<bigint> {
  const { value } = await chain.query(BankQuery.methods.supplyOf, { denom }, height);
  return BigInt(value.amount?.amount ?? 0);
}

export async function tasks(chain: Chain): Promise<Task[]> {
  return (await chain.query(TasksQuery.methods.tasks, { limit: 1000 })).value.tasks;
}

export async function taskState(chain: Chain, id: bigint): Promise<QueryTaskStateResponse> {
  return (await chain.query(TasksQuery.methods.taskState, { id })).value;
}

export async function taskResult(chain: Chain, id: bigint): Promise<QueryTaskResultResponse> {
  return (await chain.query(EvaluationQuery.methods.taskResult, { id })).value;
}
