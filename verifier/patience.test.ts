import test from "ava";
import { unavailable } from "#net/index.js";
import { HeldUp, Patience } from "./patience.js";
import { Stalls } from "./stalls.js";
import { Unserved } from "./unserved.js";

const { signal } = new AbortController();
const never = { total: () => 0 };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const standStill = (ms: number): void => {
  for (const until = performance.now() + ms; performance.now() < until; );
};

test.serial("tries until it works", async (t) => {
  let tries = 0;
  const tried = await new Patience(5_000, { signal, stalls: never, retryMs: 5 }).until(async () => {
    if (++tries < 3) throw unavailable("not yet");
    return tries;
  });
  t.is(tried.error, undefined);
  t.is(tries, 3);
});

test.serial("the last error is the answer when the time is over, also of an attempt that never settles or heeds nothing", async (t) => {
  const patience = () => new Patience(200, { signal, stalls: never, retryMs: 20 });
  const failing = await patience().until(async () => Promise.reject(new Unserved("batch 3", true, "gone")));
  t.is(failing.error?.message, "batch 3 is served by no supervisor: gone");
  const started = performance.now();
  t.regex((await patience().until(() => new Promise(() => {}))).error?.message ?? "", /no answer in time/);
  t.true(performance.now() - started < 3_000);
});

test.serial("what is not the doing of others is thrown at once", async (t) => {
  await t.throwsAsync(new Patience(5_000, { signal, stalls: never }).until(async () => Promise.reject(new RangeError("stack"))), { instanceOf: RangeError });
});

test.serial("what was served is not counted as waiting, and neither is a turn that is waited for", async (t) => {
  const tried = await new Patience(150, { signal, stalls: never, retryMs: 10 }).until(async (a) => {
    for (let page = 0; page < 5; page++) {
      await sleep(80);
      a.progress();
    }
    await a.pause(() => sleep(300));
    if (a.signal.aborted) throw unavailable("cut off");
    return "all";
  });
  t.is(tried.error, undefined);
});

test.serial("time in which this process stood still is not counted, and a fresh attempt follows it", async (t) => {
  const stalls = new Stalls();
  let tries = 0;
  const tried = await new Patience(400, { signal, stalls, retryMs: 20 }).until(async (a) => {
    if (++tries > 1) return "served";
    standStill(1_000);
    await sleep(10);
    t.true(a.signal.aborted, "its time-out fires before anything is read");
    throw unavailable("cut off");
  });
  t.is(tried.error, undefined);
  t.is(tries, 2);
  stalls.close();
});

test.serial("a process that stands still during every attempt accuses nobody", async (t) => {
  let total = 0;
  const tried = new Patience(40, { signal, stalls: { total: () => (total += 1_000) }, retryMs: 15 }).until(async () => Promise.reject(unavailable("cut off")));
  await t.throwsAsync(tried, { instanceOf: HeldUp });
});

test.serial("whoever is waited for next has a part of the time, however much others used up", async (t) => {
  const patience = new Patience(400, { signal, stalls: never, retryMs: 20 });
  await patience.until(async () => Promise.reject(unavailable("silent")));
  patience.renew();
  let tries = 0;
  await patience.until(async () => (tries++, Promise.reject(unavailable("silent"))));
  t.true(tries >= 3 && tries <= 6, `${tries} attempts`);
});

test.serial("stalls are counted up to this moment, and a busy loop's small ones are not", async (t) => {
  const stalls = new Stalls();
  await sleep(120);
  const before = stalls.total();
  standStill(500);
  t.true(stalls.total() - before > 400);
  stalls.close();
});
