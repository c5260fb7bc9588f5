import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Database } from "#platform/level.js";
import { LogTree, verifyInclusion } from "#protocol/log/log-root.js";
import { LogStore, type StoredMessage } from "./log-store.js";
import { HashWindow } from "./log-recent.js";

const MAP = 1000;
const message = (slot: number, seq: number): Iteration => ({
  header: Header.encode(Header.create({ slot, seq: BigInt(seq), height: 7n + BigInt(seq), clock: [BigInt(seq)], chainDigest: new Uint8Array(32).fill(seq) })),
  map: new Uint8Array(MAP).fill(seq),
  signature: new Uint8Array(64).fill(seq),
});
const hashOf = (slot: number, seq: number) => nodeCrypto.sha256(message(slot, seq).header);
const put = (log: LogStore, slot: number, seq: number) => log.append(slot, BigInt(seq), message(slot, seq), hashOf(slot, seq));
const openDb = () => Database.open(mkdtempSync(join(tmpdir(), "log-")));
const inMemory = (log: LogStore) => (log as unknown as { recent: { count: number } }).recent.count;
const waiters = (log: LogStore) => (log as unknown as { waiting: Set<unknown> }).waiting.size;
const name = (m: StoredMessage) => `${m.slot}/${m.seq}`;
async function all(messages: AsyncIterable<StoredMessage>): Promise<string[]> {
  const out: string[] = [];
  for await (const m of messages) out.push(name(m));
  return out;
}

/** The same database, counting what is read. */
function counting(db: Database): { db: Database; reads(): number } {
  let reads = 0;
  const counted = new Proxy(db, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (property === "range") {
        return async function* (...args: Parameters<Database["range"]>) {
          for await (const entry of target.range(...args)) {
            reads++;
            yield entry;
          }
        };
      }
      if (property === "getMany") return (keys: Uint8Array[]) => ((reads += keys.length), target.getMany(keys));
      if (property === "get") return (key: Uint8Array) => (reads++, target.get(key));
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { db: counted, reads: () => reads };
}

test("recent messages are kept by their bytes; whoever follows gets all of them, from the disk where they are no longer", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 1, 5 * MAP);
  for (let n = 1; n <= 20; n++) await put(log, 0, n);
  t.true(inMemory(log) <= 5, `${inMemory(log)} messages of 1.2 kB in memory, at most 5 kB`);
  const got: number[] = [];
  for await (const m of log.after([])) got.push(Iteration.decode(m.bytes).map[0] as number);
  t.deepEqual(got, Array.from({ length: 20 }, (_, i) => i + 1));
});

test("messages that are not on disk yet stay in memory, however many", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 1, 100);
  const writes = Array.from({ length: 10 }, (_, i) => put(log, 0, i + 1));
  t.is(inMemory(log), 10);
  t.deepEqual([log.clock(), log.heads()], [[0n], [10n]]);
  await Promise.all(writes);
  await put(log, 0, 11);
  t.true(inMemory(log) <= 1);
});

test("a task's log is removed alone, with its index and nodes", async (t) => {
  const db = await openDb();
  for (const id of [3n, 7n]) for (let seq = 1; seq <= 40; seq++) await put(await LogStore.open(db, id, 1), 0, seq);
  t.deepEqual(await LogStore.tasks(db), [3n, 7n]);
  await LogStore.clear(db, 3n);
  t.deepEqual(await LogStore.tasks(db), [7n]);
  t.deepEqual((await LogStore.open(db, 7n, 1)).clock(), [40n]);
  t.deepEqual((await LogStore.open(db, 3n, 1)).clock(), [0n]);
  let left = 0;
  for await (const _ of db.range(Uint8Array.of(0), Uint8Array.of(255))) left++;
  t.is(left, 40 * 2 + 2, "messages, index and the two nodes of sixteen leaves of task 7");
});

test("what does not follow the slot's last message is refused", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 2);
  await put(log, 0, 1);
  for (const [slot, seq] of [[0, 1], [0, 3], [1, 2], [2, 1]] as const) await t.throwsAsync(put(log, slot, seq), { message: /does not follow/ });
});

test("an opened log ends where it ended: clocks, tips, roots and what follows them", async (t) => {
  const db = await openDb();
  const first = await LogStore.open(db, 1n, 3);
  const trees = [0, 1, 2].map(() => new LogTree(nodeCrypto));
  const lengths = [37, 16, 0];
  for (const [slot, n] of lengths.entries()) {
    for (let seq = 1; seq <= n; seq++) {
      await put(first, slot, seq);
      trees[slot]?.append(hashOf(slot, seq));
    }
  }
  const log = await LogStore.open(db, 1n, 3);
  t.deepEqual(log.clock(), [37n, 16n, 0n]);
  t.deepEqual([0, 1, 2].map((slot) => log.logRoot(slot)), trees.map((tree) => tree.root()));
  const [tip, , empty] = (await log.tips(5n)) as [Awaited<ReturnType<LogStore["tips"]>>[number], unknown, Awaited<ReturnType<LogStore["tips"]>>[number]];
  t.deepEqual({ ...tip.tip }, { seq: 37n, headerHash: hashOf(0, 37), height: 44n, clock: [37n], chainDigest: new Uint8Array(32).fill(37), logRoot: (trees[0] as LogTree).root() });
  t.deepEqual(tip.signature, new Uint8Array(64).fill(37));
  t.deepEqual([empty.tip.seq, empty.tip.height, empty.signature.length], [0n, 5n, 0]);
  t.deepEqual(log.hash(0, 37n), hashOf(0, 37), "an anchor needs it at once");
  await put(log, 0, 38);
  trees[0]?.append(hashOf(0, 38));
  t.deepEqual(log.logRoot(0), trees[0]?.root());
  t.is((await all(log.after([]))).length, 54);
});

test("opening reads as little of a long log as of a short one", async (t) => {
  const db = await openDb();
  const reads: number[] = [];
  let log = await LogStore.open(db, 1n, 1);
  for (const length of [255, 4095]) {
    await Promise.all(Array.from({ length: length - Number(log.heads()[0]) }, (_, i) => i + Number(log.heads()[0]) + 1).map((seq) => put(log, 0, seq)));
    const counted = counting(db);
    log = await LogStore.open(counted.db, 1n, 1);
    await log.tips(1n);
    reads.push(counted.reads());
  }
  const [short, long] = reads as [number, number];
  t.true(long <= short + 32, `${long} entries read of 4,095 messages, ${short} of 255`);
});

test("a log whose index lacks entries is not opened", async (t) => {
  const db = await openDb();
  const log = await LogStore.open(db, 1n, 2);
  for (let seq = 1; seq <= 3; seq++) for (const slot of [0, 1]) await put(log, slot, seq);
  const { levelKey } = await import("#platform/level.js");
  await db.write([{ key: levelKey("i", 1n, 0, 3n), value: undefined }]);
  await t.throwsAsync(LogStore.open(db, 1n, 2), { message: /database is damaged/ });
});

test("a reader gets what lies beyond its clock, in the order of the log, from disk and memory alike", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(2), { minLength: 1, maxLength: 120 }),
      fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }),
      fc.constantFrom(100, 6 * MAP, 1 << 20),
      fc.subarray([0, 1, 2], { minLength: 1 }),
      fc.boolean(),
      async (order, clock, budget, slots, reopen) => {
        const db = await openDb();
        let log = await LogStore.open(db, 1n, 3, budget);
        const heads = [0, 0, 0];
        const written: { slot: number; seq: number }[] = [];
        const writes = order.map((slot) => {
          const seq = ++(heads as [number, number, number])[slot as 0];
          written.push({ slot, seq });
          return put(log, slot, seq);
        });
        await Promise.all(writes);
        if (reopen) log = await LogStore.open(db, 1n, 3, budget);
        const only = new Set(slots);
        const want = written.filter((m) => only.has(m.slot) && m.seq > (clock[m.slot] as number)).map((m) => `${m.slot}/${m.seq}`);
        t.deepEqual(await all(log.after(clock.map(BigInt), { only })), want);
        await db.close();
      },
    ),
    { numRuns: 25 },
  );
});

test("whoever follows goes on as the log grows, also when it was left behind by memory, and leaves nothing when it goes", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 2, 3 * MAP);
  const stop = new AbortController();
  const got: string[] = [];
  let slow = Promise.resolve();
  const reading = (async () => {
    for await (const m of log.after([], { follow: true, signal: stop.signal })) {
      got.push(name(m));
      await slow;
    }
  })();
  const want: string[] = [];
  for (let seq = 1; seq <= 60; seq++) {
    if (seq === 20) slow = new Promise((resolve) => setTimeout(resolve, 100)); // forty messages pass by
    for (const slot of [0, 1]) {
      await put(log, slot, seq);
      want.push(`${slot}/${seq}`);
    }
  }
  while (got.length < want.length) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(waiters(log), 1);
  stop.abort();
  await reading;
  t.deepEqual(got, want);
  t.is(waiters(log), 0);
});

test("readers who want nothing new read nothing, and those who were cancelled leave no waiter", async (t) => {
  const counted = counting(await openDb());
  const log = await LogStore.open(counted.db, 1n, 2, 100);
  await Promise.all(Array.from({ length: 2000 }, (_, i) => put(log, i % 2, (i >> 1) + 1)));
  const before = counted.reads();
  for (let i = 0; i < 50; i++) t.deepEqual(await all(log.after([1n << 62n, 1000n])), []);
  t.is(counted.reads(), before);
  t.deepEqual(await all(log.after([998n, 1n << 62n])), ["0/999", "0/1000"]);
  t.true(counted.reads() - before <= 8, `${counted.reads() - before} entries read for two messages`);
  const cancelled = Array.from({ length: 50 }, async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 5);
    return all(log.after([1000n, 1000n], { follow: true, signal: stop.signal }));
  });
  t.true((await Promise.all(cancelled)).every((got) => got.length === 0));
  t.is(waiters(log), 0);
});

test("a reader that says it has all of a slot gets nothing of it, from disk or memory, now or later", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 2, 5 * MAP);
  for (let seq = 1; seq <= 20; seq++) for (const slot of [0, 1]) await put(log, slot, seq);
  const stop = new AbortController();
  const got: string[] = [];
  const reading = (async () => {
    for await (const m of log.after([1_000_000n, 18n], { follow: true, signal: stop.signal })) if (got.push(name(m)) === 4) stop.abort();
  })();
  for (let seq = 21; seq <= 22; seq++) for (const slot of [0, 1]) await put(log, slot, seq);
  await reading;
  t.deepEqual(got, ["1/19", "1/20", "1/21", "1/22"]);
});

test("a slow reader holds no more than a slice of bytes of what is in memory", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 1, 64 << 20);
  const large = 256 << 10;
  for (let seq = 1; seq <= 40; seq++) await log.append(0, BigInt(seq), { ...message(0, seq), map: new Uint8Array(large) }, hashOf(0, seq));
  const reader = log.after([], { follow: true });
  await reader.next();
  let given = 1;
  t.like(await reader.next(), { value: { seq: 2n } });
  const reading = (reader as unknown as { next(): Promise<unknown> }).next.bind(reader);
  const slices = (log as unknown as { recent: { get(n: number): unknown } }).recent;
  const get = slices.get.bind(slices);
  slices.get = (n) => (given++, get(n));
  for (let i = 3; i <= 8; i++) await reading();
  t.true(given <= 1 + 2 * 5, `${given} messages were taken from memory for six that were read`);
  await reader.return(undefined);
});

test("a reader of everything lets others in between", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 1);
  await Promise.all(Array.from({ length: 3000 }, (_, i) => put(log, 0, i + 1)));
  let turns = 0;
  const count = (): void => void (turns++, (timer = setImmediate(count)));
  let timer = setImmediate(count);
  t.is((await all(log.after([]))).length, 3000);
  clearImmediate(timer);
  t.true(turns >= 10, `${turns} turns of the event loop in 3,000 messages from memory`);
});

test("pages are of so many bytes, follow each other, and hold one message however large", async (t) => {
  const log = await LogStore.open(await openDb(), 1n, 1);
  for (let seq = 1; seq <= 10; seq++) await put(log, 0, seq);
  const size = Iteration.encode(message(0, 1)).length;
  const seqs: bigint[][] = [];
  for (let next: bigint | undefined = 1n; next !== undefined; ) {
    const page = await log.page(0, next, 4 * size + 50);
    t.true(page.messages.reduce((n, m) => n + m.bytes.length, 0) <= 4 * size + 50);
    seqs.push(page.messages.map((m) => m.seq));
    next = page.next;
  }
  t.deepEqual(seqs, [[1n, 2n, 3n, 4n], [5n, 6n, 7n, 8n], [9n, 10n]]);
  t.deepEqual((await log.page(0, 3n, 1)).next, 4n);
  t.deepEqual(await log.page(0, 11n), { messages: [], next: undefined });
});

test("hashes are had at any seq, and proofs are the whole tree's", async (t) => {
  const db = await openDb();
  const first = await LogStore.open(db, 1n, 2);
  const tree = new LogTree(nodeCrypto);
  for (let seq = 1; seq <= 300; seq++) {
    tree.append(hashOf(1, seq));
    await put(first, 1, seq);
  }
  const log = await LogStore.open(db, 1n, 2);
  t.is(log.hash(1, 5n), undefined);
  t.deepEqual(await log.hashAt(1, 5n), hashOf(1, 5));
  t.deepEqual([await log.hashAt(1, 0n), await log.hashAt(1, 301n), await log.hashAt(0, 1n), await log.hashAt(9, 1n)], [undefined, undefined, undefined, undefined]);
  t.deepEqual(await log.hashes(1, 299n, 400n), new Uint8Array([...hashOf(1, 299), ...hashOf(1, 300)]));
  for (const [seq, head] of [[1, 2], [1, 300], [17, 130], [128, 129], [250, 257], [299, 300]] as const) {
    const proof = await log.proof(1, BigInt(seq), BigInt(head));
    t.deepEqual(proof, tree.proof(seq - 1, head - 1));
    t.true(verifyInclusion(nodeCrypto, tree.root(head - 1), head - 1, seq - 1, hashOf(1, seq), proof));
  }
  t.deepEqual(await log.proof(1, 9n, 9n), []);
});

test("a window of hashes holds the newest of each slot", (t) => {
  const window = new HashWindow(2, 2 * 256 * 32, [0, 10]);
  const hash = (n: number) => nodeCrypto.sha256(Uint8Array.of(n & 255, n >> 8));
  for (let seq = 1; seq <= 1000; seq++) {
    window.push(0, hash(seq));
    const lowest = Math.max(1, seq - 255);
    t.deepEqual(window.get(0, seq), hash(seq));
    t.deepEqual(window.get(0, lowest), hash(lowest));
    t.is(window.get(0, lowest - 1), undefined);
    t.is(window.get(0, seq + 1), undefined);
  }
  t.is(window.get(1, 10), undefined);
  window.push(1, hash(7));
  t.deepEqual(window.get(1, 11), hash(7));
});
