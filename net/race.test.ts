import test from "ava";
import { CallError } from "./errors.js";
import { type Lap, race } from "./race.js";

const signal = new AbortController().signal;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const options = { signal, headStartMs: 60, bytesPerMs: 10 };
const aborted = (s: AbortSignal): Promise<never> => new Promise((_, reject) => s.addEventListener("abort", () => reject(new Error("stopped"))));
type Source = (lap: Lap) => Promise<number>;
const run = (sources: readonly Source[], o = options) => race(sources, (s, lap) => s(lap), o);

test("the first is asked alone while its bytes come as fast as a link must be", async (t) => {
  let others = 0;
  const steady: Source = async (lap) => {
    for (let i = 0; i < 40; i++) {
      await wait(30);
      lap.got(600);
    }
    return 1;
  };
  t.is((await run([steady, async () => ++others], { ...options, headStartMs: 600 })).value, 1);
  t.is(others, 0);
});

test("one that keeps silent or trickles is passed after its head start, and told to stop when the race is over", async (t) => {
  let stopped = 0;
  const silent: Source = ({ signal: s }) => aborted(s).finally(() => stopped++);
  const trickle: Source = async (lap) => {
    for (;;) {
      await Promise.race([wait(10), aborted(lap.signal)]).finally(() => lap.signal.aborted && stopped++);
      lap.got(1);
    }
  };
  const good: Source = async () => 7;
  const { value, by, slow } = await run([silent, trickle, good]);
  t.is(value, 7);
  t.is(by, good);
  t.deepEqual(slow, [silent, trickle]);
  await wait(30);
  t.is(stopped, 2);
});

test("a slow first may still win, and one whose place others took is asked again when their turn is over", async (t) => {
  const fails: Source = async () => Promise.reject(new Error("has another hash"));
  t.is((await run([async () => (await wait(150), 1), fails])).value, 1);
  let asked = 0;
  // what it had stays with whoever asks: the second time it is quick
  const slow: Source = ({ signal: s }) => (++asked > 1 ? Promise.resolve(5) : aborted(s));
  const silent: Source = ({ signal: s }) => aborted(s);
  t.is((await run([slow, silent, silent, silent])).value, 5);
  t.is(asked, 2);
});

test("where nobody answers, the error is a CallError with what each said", async (t) => {
  const says = (text: string): Source => () => Promise.reject(new Error(text));
  const e = await t.throwsAsync(run([says("a"), says("b")]), { instanceOf: CallError });
  t.is(e?.message, "a; b");
  const gone = new AbortController();
  setTimeout(() => gone.abort(), 20);
  await t.throwsAsync(run([says("a"), () => new Promise<number>(() => {})], { ...options, signal: gone.signal }), { instanceOf: CallError, message: /^a; 1 of 2 did not answer in time/ });
  await t.throwsAsync(run([]), { instanceOf: CallError, message: /no endpoint/ });
});
