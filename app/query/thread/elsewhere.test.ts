import test from "ava";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { Elsewhere } from "./elsewhere.js";

const said = (code: number) => abci.ResponseQuery.fromPartial({ code });
const later = (code: number) => new Promise<abci.ResponseQuery>((resolve) => setImmediate(() => resolve(said(code))));

test("what is waited for takes half of the time at most; what is answered at once is never refused", async (t) => {
  let now = 0;
  const turns = new Elsewhere(() => now);
  const slow = async (ms: number) => {
    const answer = turns.answer("/slow", () => later(7));
    now += ms;
    return answer;
  };
  for (let i = 0; i < 3; i++) t.like(await slow(900), { code: 7 });
  const refused = await turns.answer("/slow", () => later(7));
  t.regex(refused.log, /code = ResourceExhausted desc = the engine is asked too often/);
  t.like(await turns.answer("/state", () => said(8)), { code: 8 });
  let answered = 0;
  for (const end = now + 60_000; now < end; now += 100) {
    if ((await slow(900)).code === 7) answered += 900;
    else now -= 900;
  }
  t.true(answered > 25_000 && answered < 35_000, `${answered} of 60,000 ms`);
});

test("short answers, one after the other, are never refused", async (t) => {
  let now = 0;
  const turns = new Elsewhere(() => now);
  for (let i = 0; i < 5_000; i++) {
    const answer = turns.answer("/quick", () => later(7));
    now += 4;
    t.is((await answer).code, 7);
    now += 4;
  }
});

test("an answer that does not come is not waited for", async (t) => {
  const turns = new Elsewhere();
  t.regex((await turns.answer("/never", () => new Promise<never>(() => {}))).log, /code = DeadlineExceeded desc = the engine did not answer in 1000 ms/);
});
