import test from "ava";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { Params as TasksParams, Task, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Params as StakingParams } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { type MethodInfo } from "#proto/wire.js";
import { CliError } from "../cli-error.js";
import { bondDenom, chainParams, paramsOf } from "./params.js";
import { RpcChain } from "./rpc.js";
import { started } from "#protocol/tasks/task-view.js";
import { queryTask } from "./task-view.js";
import { type Chain, ChainError } from "./types.js";

interface AbciQuery {
  readonly path: string;
  readonly data: Uint8Array;
  readonly height?: number;
}

/** RpcChain over a node that answers ABCI queries so. */
const rpcOver = (abciQuery: (q: AbciQuery) => object): RpcChain =>
  Object.assign(Object.create(RpcChain.prototype) as RpcChain, { lossMs: 0, client: { abciQuery: async (q: AbciQuery) => abciQuery(q) } });

test("a query goes to its method's path with what is left out by default, and is read as the table says", async (t) => {
  const asked: AbciQuery[] = [];
  const { task, tasks } = TasksQuery.methods;
  const chain = rpcOver((q) => {
    asked.push(q);
    return { code: 0, value: task.response.encode({ task: Task.create({ id: 7n }) }), height: 12 };
  });
  const { value, height } = await chain.query(task, { id: 7n });
  t.deepEqual([value.task?.id, height], [7n, 12n]);
  await chain.query(tasks, { limit: 2 }, 9n);
  t.deepEqual(asked.map((q) => [q.path, q.height]), [["/pouw.tasks.v1.Query/Task", undefined], ["/pouw.tasks.v1.Query/Tasks", 9]]);
  t.deepEqual(tasks.request.decode(asked[1]?.data as Uint8Array), { startAfter: 0n, limit: 2, openOnly: false, client: "" });
});

test("what the application refuses is thrown with its codespace, code and words; an account that is not there is none", async (t) => {
  const refusing = (codespace: string, code: number, log: string) => rpcOver(() => ({ code, codespace, log, value: new Uint8Array(0) }));
  t.like(await t.throwsAsync(refusing("sdk", 22, "task 9 not found").query(TasksQuery.methods.task, { id: 9n }), { instanceOf: ChainError }), { codespace: "sdk", code: 22, message: "task 9 not found" });
  t.is(await refusing("sdk", 22, "rpc error: code = NotFound desc = account pouw1a not found: key not found").account("pouw1a"), undefined);
  await t.throwsAsync(refusing("sdk", 7, "invalid address").account("pouw1a"), { instanceOf: ChainError, message: "invalid address" });
});

test("a simulation answers the gas, and keeps the code of what would fail", async (t) => {
  const chain = rpcOver(({ path }) => ({ code: 0, value: Buffer.from(path === "/app/simulate" ? '{"gas_info":{"gas_used":"4711"}}' : "") }));
  t.is(await chain.simulate(Uint8Array.of(1)), 4711n);
  await t.throwsAsync(rpcOver(() => ({ code: 5, codespace: "sdk", log: "poor", value: new Uint8Array(0) })).simulate(Uint8Array.of(1)), { instanceOf: ChainError, message: "poor" });
});

test("parameters come by module, each from its own query", async (t) => {
  const asked: string[] = [];
  const query = async ({ path }: MethodInfo) => {
    asked.push(path);
    const params = path.includes(".tasks.") ? TasksParams.create({ maxSlots: 5 }) : StakingParams.create({ bondDenom: "upouw" });
    return { value: { params }, height: 1n };
  };
  const chain = { query } as unknown as Chain;
  const all = await chainParams(chain);
  t.deepEqual([all.tasks.maxSlots, all.staking.bondDenom], [5, "upouw"]);
  t.deepEqual(asked.toSorted(), ["/cosmos.staking.v1beta1.Query/Params", ...["evaluation", "matching", "supervision", "tasks", "work", "workers"].map((m) => `/pouw.${m}.v1.Query/Params`)].toSorted());
  t.is(await bondDenom(chain), "upouw");
  await t.throwsAsync(paramsOf({ query: async () => ({ value: {}, height: 1n }) } as unknown as Chain, "work"), { instanceOf: CliError, message: /no parameters/ });
});

test("before any anchor the lowest anchored round is −1", async (t) => {
  const { taskState } = TasksQuery.methods;
  const over = (lowestAnchoredRound?: bigint) => rpcOver(() => ({ code: 0, value: taskState.response.encode(taskState.response.create({ task: Task.create({ id: 7n }), height: 5n, lowestAnchoredRound })), height: 5 }));
  t.is((await queryTask(over(), 7n)).lowestRound, -1n);
  t.is((await queryTask(over(0n), 7n)).lowestRound, 0n);
});

test("a task has started when its spec, its first block and that block's beacon are there", (t) => {
  const task = Task.create({ id: 7n, spec: TaskSpec.create(), startHeight: 4n, startBeacon: new Uint8Array(32) });
  t.is(started(task)?.startHeight, 4n);
  t.is(started({ ...task, startHeight: undefined }), undefined);
  t.is(started({ ...task, startBeacon: undefined }), undefined);
});
