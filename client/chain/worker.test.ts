import "#platform/install.js";
import test from "ava";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { QueryWorkerResponse, WorkersQuery } from "#proto/gen/pouw/workers/v1/query.js";
import { Worker } from "#proto/gen/pouw/workers/v1/types.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { Params } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { type MethodInfo } from "#proto/wire.js";
import { silentLogger } from "#platform/log.js";
import { type Chain, ChainError, type Message, type Sender } from "./types.js";
import { ensureWorker } from "./worker.js";

/** What is sent where the chain has this worker, or none. */
async function sentFor(worker: Partial<Worker> | undefined, profiles?: readonly string[]): Promise<unknown[]> {
  const sent: Message[] = [];
  const query = async (method: MethodInfo): Promise<unknown> => {
    if (method === StakingQuery.methods.params) return { value: { params: Params.create({ bondDenom: "upouw" }) } };
    if (method !== WorkersQuery.methods.worker) throw new Error(method.path);
    if (!worker) throw new ChainError("workers", 1, "unknown");
    return { value: QueryWorkerResponse.create({ worker: Worker.create(worker) }) };
  };
  const sender = { address: "pouw1a", send: async (list: Message[]) => (sent.push(...list), { code: 0 }) };
  await ensureWorker({ query } as unknown as Chain, sender as unknown as Sender, { role: Role.ROLE_MINER, stake: 5n, maxSeats: 1, memory: 1n, ...(profiles ? { profiles } : {}) }, silentLogger);
  return sent.map((m) => m.value);
}

test("a worker registers once with its profiles, and is brought up to date when they change", async (t) => {
  const both = ["wasm-f32-1", "tf-f32"];
  t.like((await sentFor(undefined, both))[0], { roles: [Role.ROLE_MINER], profiles: both });
  t.deepEqual(await sentFor({ roles: [Role.ROLE_MINER], profiles: both }, both), []);
  t.like((await sentFor({ roles: [Role.ROLE_MINER], profiles: both }, ["wasm-f32-1"]))[0], { roles: [Role.ROLE_MINER], profiles: ["wasm-f32-1"] }, "its TensorFlow is gone");
  t.like((await sentFor({ roles: [Role.ROLE_MINER], profiles: ["wasm-f32-1"] }, both))[0], { profiles: both }, "it has one now");
});

test("a daemon that names no profiles leaves them alone, and adds its role", async (t) => {
  t.deepEqual(await sentFor({ roles: [Role.ROLE_MINER], profiles: ["tf-f32"] }), []);
  t.like((await sentFor({ roles: [Role.ROLE_EVALUATOR], profiles: ["tf-f32"] }))[0], { roles: [Role.ROLE_MINER, Role.ROLE_EVALUATOR], profiles: ["tf-f32"] });
});
