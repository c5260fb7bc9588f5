/** Reading the chain's state for the launcher and the demo. */
import { connectChain } from "#client/chain/index.js";
import { type Chain } from "#client/chain/types.js";
import { QuerySupplyOfRequest, QuerySupplyOfResponse } from "cosmjs-types/cosmos/bank/v1beta1/query";
import {
  QueryTaskResultRequest,
  QueryTaskResultResponse,
  QueryTaskStateRequest,
  QueryTaskStateResponse,
  QueryTasksRequest,
  QueryTasksResponse,
  QueryWorkersRequest,
  QueryWorkersResponse,
  type Task,
  type Worker,
} from "#proto/gen/pouw.js";
import { type Codec } from "#proto/wire.js";

interface CosmosCodec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}
/** The part of a codec that a query needs, over a type of cosmjs-types. */
const cosmos = <T>(codec: CosmosCodec<T>): Codec<T> =>
  ({ encode: (m: T) => codec.encode(m).finish(), decode: (b: Uint8Array) => codec.decode(b) }) as unknown as Codec<T>;

export const connect = (rpc: string, signal?: AbortSignal): Promise<Chain> => connectChain({ rpc, ...(signal ? { signal } : {}) });

export async function workers(chain: Chain): Promise<Worker[]> {
  const { value } = await chain.query("/pouw.v1.Query/Workers", QueryWorkersRequest, { startAfter: "", limit: 1000 }, QueryWorkersResponse);
  return value.workers;
}

let known: { rpc: string; chain: Chain } | undefined;
/** How many workers the chain knows. */
export async function workersRegistered(rpc: string): Promise<number> {
  if (known?.rpc !== rpc) known = { rpc, chain: await connect(rpc) };
  return (await workers(known.chain)).length;
}

export async function supplyOf(chain: Chain, denom: string, height?: bigint): Promise<bigint> {
  const { value } = await chain.query("/cosmos.bank.v1beta1.Query/SupplyOf", cosmos(QuerySupplyOfRequest), { denom }, cosmos(QuerySupplyOfResponse), height);
  return BigInt(value.amount.amount);
}

export async function tasks(chain: Chain): Promise<Task[]> {
  return (await chain.query("/pouw.v1.Query/Tasks", QueryTasksRequest, QueryTasksRequest.create({ limit: 1000 }), QueryTasksResponse)).value.tasks;
}

export async function taskState(chain: Chain, id: bigint): Promise<QueryTaskStateResponse> {
  return (await chain.query("/pouw.v1.Query/TaskState", QueryTaskStateRequest, { id }, QueryTaskStateResponse)).value;
}

export async function taskResult(chain: Chain, id: bigint): Promise<QueryTaskResultResponse> {
  return (await chain.query("/pouw.v1.Query/TaskResult", QueryTaskResultRequest, { id }, QueryTaskResultResponse)).value;
}
