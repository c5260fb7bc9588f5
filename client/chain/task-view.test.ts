import "#platform/install.js";
import test from "ava";
import { silentLogger } from "#platform/log.js";
import { MatchingQuery } from "#proto/gen/pouw/matching/v1/query.js";
import { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { watchTasks } from "./task-view.js";
import { type BlockHeader, type Chain, ChainError } from "./types.js";

/** A node that tells of block h when it has it, and executes it later: after `delay` questions that it answers from the state before. */
function node(heights: readonly bigint[], { delay, keeps = 100n }: { delay: number; keeps?: bigint }): Chain & { states: number } {
  let executed = heights[0] as bigint;
  let told = 0n;
  let asked = 0;
  const refused = (height: bigint) => new ChainError("sdk", 18, `height ${height} is not among ${executed - keeps + 1n} … ${executed}`);
  const chain = {
    states: 0,
    chainId: "c-1",
    async *blocks(): AsyncGenerator<BlockHeader> {
      for (const height of heights) yield { height: (told = height), timeMs: 0, appHash: new Uint8Array(32) };
    },
    async query(method: { readonly fullName?: string }, _request: unknown, height?: bigint) {
      if ((method as unknown) === MatchingQuery.methods.seats) {
        if (told > executed && ++asked > delay) [asked, executed] = [0, told];
        return { value: { seats: [Seat.create({ taskId: 1n })] }, height: executed };
      }
      if ((method as unknown) !== TasksQuery.methods.taskState) throw new Error("not asked for");
      chain.states++;
      if (height !== undefined && (height > executed || height <= executed - keeps)) throw refused(height);
      return { value: { task: Task.create({ id: 1n }), seats: [], slots: [], submissions: [], reveals: [], attested: [], height: height ?? executed, lowestAnchoredRound: 0n }, height: executed };
    },
    latest: () => Promise.reject(new Error("not asked for")),
    genesisHash: () => Promise.reject(new Error("not asked for")),
  };
  return chain as unknown as Chain & { states: number };
}

async function views(chain: Chain): Promise<bigint[]> {
  const seen: bigint[] = [];
  await watchTasks(chain, "m", { signal: new AbortController().signal, log: silentLogger, done: () => false, each: async (_, v) => void seen.push(...[...v.values()].map((x) => x.height)) });
  return seen;
}

test("a block that a node tells of before it has executed it is waited for: none is seen twice, none is left out", async (t) => {
  const slow = node([5n, 6n, 7n, 8n], { delay: 3 });
  t.deepEqual(await views(slow), [5n, 6n, 7n, 8n]);
  t.is(slow.states, 4, "the whole state is asked for once a block");
});

test("where a block's state is kept no more, the newest stands for it", async (t) => {
  t.deepEqual(await views(node([9n, 6n, 7n], { delay: 0, keeps: 2n })), [9n, 9n, 9n]);
});
