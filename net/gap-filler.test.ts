import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { silentLogger } from "#platform/log.js";
import { GapFiller } from "./gap-filler.js";

const map = Uint8Array.of(0);
const first = (slot: number, by: Uint8Array = map): Iteration => ({
  header: Header.encode(Header.create({ version: 1, chainId: "c", taskId: 1n, slot, seq: 1n, prev: new Uint8Array(32), mapHash: nodeCrypto.sha256(map) })),
  map: by,
  signature: new Uint8Array(64),
});
const nobody = { range: () => Promise.reject(new Error("nobody has it")) } as never;

test("slots are filled beside each other: one whose author is silent delays no other, and is asked once at a time", async (t) => {
  const got: number[] = [];
  const asked: number[] = [];
  let now = 0;
  const filler = new GapFiller({
    taskId: 1n,
    peers: { range: async (_t: bigint, slot: number) => (slot === 3 ? [first(3)] : Promise.reject(new Error("not here"))) } as never,
    log: silentLogger,
    hash: async () => undefined,
    receive: async (m) => void got.push(Header.decode(m.header).slot),
    author: async ({ slot, namedBy }) => {
      asked.push(namedBy as number);
      if (namedBy === 9) await new Promise((_, reject) => setTimeout(() => reject(new Error("silent")), 50));
      return [first(slot)];
    },
    now: () => now,
  });
  const gaps = [0, 1, 2].map((slot) => ({ slot, from: 1n, to: 1n, namedBy: slot < 2 ? 9 : 8 }));
  const all = filler.fill([...gaps, { slot: 3, from: 1n, to: 1n }]);
  await new Promise((r) => setTimeout(r, 10));
  t.deepEqual(got.toSorted(), [2, 3], "while the author of 0 and 1 says nothing");
  await all;
  await filler.fill(gaps.slice(0, 2));
  t.deepEqual(asked.filter((a) => a === 9).length, 1, "left alone after its silence");
  now = 60_000;
  await filler.fill(gaps.slice(0, 1));
  t.is(asked.filter((a) => a === 9).length, 2);
});

test("what does not continue the log, or has another map, is not handed on", async (t) => {
  const got: Iteration[] = [];
  const options = { taskId: 1n, log: silentLogger, hash: async () => undefined, receive: async (m: Iteration) => void got.push(m) };
  await new GapFiller({ ...options, peers: nobody, author: async () => [first(0, Uint8Array.of(1, 0, 0))] }).fill([{ slot: 0, from: 1n, to: 1n, namedBy: 1 }]);
  await new GapFiller({ ...options, peers: nobody, author: async () => [] }).fill([{ slot: 0, from: 1n, to: 1n, namedBy: 1 }]);
  const peers = { range: async (...a: unknown[]) => ((a[4] as (m: Iteration[]) => void)([first(1)]), [first(1)]) } as never;
  await new GapFiller({ ...options, peers }).fill([{ slot: 0, from: 1n, to: 1n }]);
  t.deepEqual(got, []);
  await new GapFiller({ ...options, peers: nobody, author: async () => [first(0)] }).fill([{ slot: 0, from: 1n, to: 1n, namedBy: 1 }]);
  t.is(got.length, 1);
});
