import "#platform/install.js";
import { randomBytes } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { until } from "./compliance.js";
import { FaultyBus, type Faults, withMap } from "./faulty.js";
import { MemoryBus } from "./memory.js";
import type { Bus, StoredMessage } from "./types.js";

const key = sessionKeyFromSeed(new Uint8Array(32).fill(1));
const seeded = (seed: number) => () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
const stored = (seq: number): StoredMessage => ({ slot: 0, seq: BigInt(seq), bytes: Iteration.encode({ header: Uint8Array.of(seq), map: Uint8Array.of(0), signature: new Uint8Array(64) }) });
const N = 200;

/** What a hub called `name` receives of messages 1 … N over a bus. */
async function received(t: ExecutionContext, sender: Bus, hubs: Bus, name: string, wait: (got: readonly Iteration[]) => boolean): Promise<Iteration[]> {
  const got: Iteration[] = [];
  const common = { chainId: "c", crypto: nodeCrypto, timers: systemTimers };
  const hub = await hubs.serve(
    {
      ...common,
      address: name,
      random: (n) => new Uint8Array(randomBytes(n)),
      seat: async () => ({ worker: "m", sessionKey: key.publicKey }),
      sizes: () => ({ residual: 4, message: 1000 }),
      clock: async () => [],
      iteration: async (_peer, m) => void got.push(m),
      residual: async () => {},
      async *follow() {},
    },
    name,
  );
  const link = sender.link(
    {
      ...common,
      endpoint: name,
      supervisor: name,
      taskId: 1n,
      role: Role.ROLE_MINER,
      index: 0,
      sign: (m) => key.sign(m),
      clock: () => [],
      iteration: async () => {},
      async *outgoing() {
        for (let seq = 1; seq <= N; seq++) yield stored(seq);
      },
    },
    false,
  );
  t.teardown(async () => (await link.close(), hub.close()));
  await until(() => wait(got), "the messages");
  await new Promise((r) => setTimeout(r, 20));
  return got;
}
const over = (faults: Partial<Faults>, memory: Bus): FaultyBus => new FaultyBus(memory, { timers: systemTimers, random: seeded(7), ...faults });
const seqs = (got: readonly Iteration[]): number[] => got.map((m) => m.header[0] as number);

test("messages are lost, doubled and out of order as often as was asked, and the same again by the same seed", async (t) => {
  const memory = new MemoryBus();
  const faults = { drop: 0.1, duplicate: 0.1, reorder: 0.1 };
  const runs = [];
  for (const name of ["a", "b"]) runs.push(seqs(await received(t, over(faults, memory), memory, name, (got) => got.some((m) => (m.header[0] as number) >= N - 2))));
  const [one, two] = runs as [number[], number[]];
  t.deepEqual(one, two);
  const different = new Set(one);
  t.true(different.size > 0.8 * N && different.size < N, `${different.size} of ${N}`);
  t.true(one.length > different.size, "some came twice");
  t.true(one.some((s, i) => s < (one[i - 1] ?? 0)), "some came late");
});

test("without faults nothing changes", async (t) => {
  const memory = new MemoryBus();
  t.deepEqual(seqs(await received(t, over({}, memory), memory, "a", (got) => got.length === N)), Array.from({ length: N }, (_, i) => i + 1));
});

test("a fork is shown to some hubs, and the message itself to the others", async (t) => {
  const memory = new MemoryBus();
  const fork: Faults["fork"] = (m, supervisor) => (supervisor === "b" && m.seq === 5n ? withMap(m, Uint8Array.of(9)) : m);
  const [a, b] = await Promise.all(["a", "b"].map((name) => received(t, over({ fork }, memory), memory, name, (got) => got.length === N)));
  t.deepEqual(seqs(a as Iteration[]), seqs(b as Iteration[]));
  t.deepEqual((a as Iteration[]).map((m, i) => (m.map[0] === b?.[i]?.map[0] ? 0 : i + 1)).filter(Boolean), [5]);
});
