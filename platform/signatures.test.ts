import "#platform/install.js";
import { type Worker } from "node:worker_threads";
import test from "ava";
import { nodeCrypto } from "./crypto.js";
import { sessionKeyFromSeed } from "./keys.js";
import { type SignatureCheck, Signatures, SignaturesBusy } from "./signatures.js";
import { startThread } from "./thread.js";

const keys = [1, 2, 3].map((n) => sessionKeyFromSeed(new Uint8Array(32).fill(n)));
/** Every third is not good, each in another way. */
function check(n: number): { check: SignatureCheck; good: boolean } {
  const key = keys[n % 3] as (typeof keys)[number];
  const message = nodeCrypto.sha256(Uint8Array.of(n & 255, n >> 8));
  const c = { key: key.publicKey, message, signature: key.sign(message) };
  switch (n % 15) {
    case 0: return { check: { ...c, signature: c.signature.map((b, i) => (i === n % 64 ? b ^ 1 : b)) }, good: false };
    case 3: return { check: { ...c, message: new Uint8Array(32) }, good: false };
    case 6: return { check: { ...c, signature: c.signature.slice(0, 63) }, good: false };
    case 9: return { check: { ...c, key: new Uint8Array(0) }, good: false };
    case 12: return { check: { ...c, key: keys[(n + 1) % 3]?.publicKey as Uint8Array }, good: false };
    default: return { check: c, good: true };
  }
}
const many = Array.from({ length: 700 }, (_, n) => check(n));
const started = () => startThread(new URL("./signatures.ts", import.meta.url).href, "./signatures-worker", undefined);

test("signatures are judged on threads as they are here, asked for one by one or together", async (t) => {
  let threads = 0;
  const pool = new Signatures({ threads: 2, start: () => (threads++, started()) });
  const [together, single] = await Promise.all([pool.verify(many.map((m) => m.check)), Promise.all(many.map(async (m) => (await pool.verify([m.check]))[0]))]);
  t.deepEqual(together, many.map((m) => m.good));
  t.deepEqual(single, many.map((m) => m.good));
  t.deepEqual(await pool.verify([]), []);
  t.is(threads, 2);
  await pool.close();
});

test("beyond what may wait a check is refused at once, and those before it are answered", async (t) => {
  const pool = new Signatures({ threads: 1, maxWaiting: 10 });
  const ten = pool.verify(many.slice(0, 10).map((m) => m.check));
  await t.throwsAsync(pool.verify([(many[1] as (typeof many)[number]).check]), { instanceOf: SignaturesBusy, message: /10 signatures wait/ });
  t.deepEqual(await ten, many.slice(0, 10).map((m) => m.good));
  t.deepEqual(await pool.verify([(many[1] as (typeof many)[number]).check]), [true]);
  await pool.close();
});

test("what a thread had when it died is answered, and another one takes its place", async (t) => {
  const threads: Worker[] = [];
  const pool = new Signatures({
    threads: 1,
    start: () => {
      const thread = started();
      threads.push(thread);
      if (threads.length === 1) thread.postMessage(5); // not a list of checks: the thread ends with an error
      return thread;
    },
  });
  t.deepEqual(await pool.verify(many.map((m) => m.check)), many.map((m) => m.good));
  t.deepEqual(await pool.verify(many.slice(0, 30).map((m) => m.check)), many.slice(0, 30).map((m) => m.good));
  t.is(threads.length, 2);
  await threads[1]?.terminate();
  t.deepEqual(await pool.verify(many.slice(0, 30).map((m) => m.check)), many.slice(0, 30).map((m) => m.good));
  t.is(threads.length, 3);
  await pool.close();
});

test("where no thread can be started, or all are closed, signatures are checked here, and others have their turn", async (t) => {
  let tried = 0;
  const pool = new Signatures({ threads: 1, start: () => { tried++; throw new Error("no threads here"); } });
  let turns = 0;
  const count = (): void => void (turns++, (timer = setImmediate(count)));
  let timer = setImmediate(count);
  for (let i = 0; i < 5; i++) t.deepEqual(await pool.verify(many.slice(0, 160).map((m) => m.check)), many.slice(0, 160).map((m) => m.good));
  clearImmediate(timer);
  t.true(turns >= 40, `${turns} turns in 800 checks`);
  t.is(tried, 3, "it gives up");
  await pool.close();
  t.deepEqual(await pool.verify([(many[1] as (typeof many)[number]).check]), [true]);
});
