import test from "ava";
import { Counters } from "#net/counters.js";
import { systemTimers } from "#platform/clock.js";
import { type PendingLimits, PendingStreams } from "./pending-streams.js";

const pending = (limits: PendingLimits, counters = new Counters()) => new PendingStreams(systemTimers, limits, counters);

test("an address with too many streams loses its own oldest, and others lose nothing", (t) => {
  const p = pending({ perAddress: 3, total: 100, lifetimeMs: 1000 });
  const dropped: string[] = [];
  const add = (peer: string, name: string) => p.add(peer, () => void dropped.push(name));
  const honest = add("10.0.0.1", "honest");
  for (let i = 0; i < 5; i++) add("10.0.0.2", `flood ${i}`);
  t.deepEqual(dropped, ["flood 0", "flood 1"]);
  honest();
  t.is(p.size, 3);
});

test("when there are too many in all, the address that has most gives way", (t) => {
  const p = pending({ perAddress: 10, total: 4, lifetimeMs: 1000 });
  const dropped: string[] = [];
  p.add("10.0.0.1", () => void dropped.push("honest"));
  for (let i = 0; i < 6; i++) p.add("10.0.0.2", () => void dropped.push("flood"));
  t.deepEqual(dropped, ["flood", "flood", "flood"]);
});

test("a stream that says nothing lives for a moment", async (t) => {
  const p = pending({ perAddress: 3, total: 4, lifetimeMs: 20 });
  const why = await new Promise<Error>((resolve) => p.add("10.0.0.1", resolve));
  t.regex(why.message, /no Attach in 20 ms/);
  t.is(p.size, 0);
});
