import test from "ava";
import { CallError } from "./errors.js";
import { hedged } from "./hedge.js";

const signal = new AbortController().signal;
const after = <T>(ms: number, value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms));

test("the first is asked alone while it answers in time", async (t) => {
  const asked: number[] = [];
  const ask = (i: number, ms: number) => () => (asked.push(i), after(ms, i));
  t.deepEqual(await hedged([ask(0, 10), ask(1, 0)], { signal, afterMs: 500 }), { value: 0, by: 0 });
  t.deepEqual(asked, [0]);
});

test("one that keeps silent is passed after its head start, and told to stop", async (t) => {
  let stopped = false;
  const silent = (s: AbortSignal): Promise<number> => new Promise(() => s.addEventListener("abort", () => (stopped = true)));
  const started = performance.now();
  t.is((await hedged([silent, silent, async () => 7], { signal, afterMs: 50 })).by, 2);
  t.true(performance.now() - started < 1_000);
  t.true(stopped);
});

test("one that fails is passed at once, and a slow first may still win", async (t) => {
  const fails = async (): Promise<number> => {
    throw new Error("has another hash");
  };
  t.is((await hedged([fails, async () => 3], { signal, afterMs: 10_000 })).value, 3);
  t.is((await hedged([() => after(120, 1), fails], { signal, afterMs: 50 })).value, 1);
});

test("where nobody answers, the error is a CallError with what each said", async (t) => {
  const says = (text: string) => async (): Promise<number> => {
    throw new Error(text);
  };
  const e = await t.throwsAsync(hedged([says("a"), says("b")], { signal, afterMs: 50 }), { instanceOf: CallError });
  t.is(e?.message, "a; b");
  const gone = new AbortController();
  setTimeout(() => gone.abort(), 20);
  await t.throwsAsync(hedged([says("a"), () => new Promise<number>(() => {})], { signal: gone.signal, afterMs: 50 }), { instanceOf: CallError, message: /^a; 1 of 2 did not answer in time/ });
  await t.throwsAsync(hedged([], { signal, afterMs: 50 }), { instanceOf: CallError, message: /no endpoint/ });
});
