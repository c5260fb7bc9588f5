import test from "ava";
import { PendingStreams, addressOf } from "./pending-streams.js";

test("an address with too many streams loses its own oldest, and others lose nothing", (t) => {
  const p = new PendingStreams({ perAddress: 3, total: 100, lifetimeMs: 1000 });
  const dropped: string[] = [];
  const add = (peer: string, name: string) => p.add(peer, () => void dropped.push(name));
  const honest = add("10.0.0.1:1", "honest");
  for (let i = 0; i < 5; i++) add(`10.0.0.2:${i}`, `flood ${i}`);
  t.deepEqual(dropped, ["flood 0", "flood 1"]);
  honest();
  t.is(p.size, 3);
});

test("when there are too many in all, the address that has most gives way", (t) => {
  const p = new PendingStreams({ perAddress: 10, total: 4, lifetimeMs: 1000 });
  const dropped: string[] = [];
  p.add("10.0.0.1:1", () => void dropped.push("honest"));
  for (let i = 0; i < 6; i++) p.add(`10.0.0.2:${i}`, () => void dropped.push("flood"));
  t.deepEqual(dropped, ["flood", "flood", "flood"]);
});

test("a stream that says nothing lives for a moment", async (t) => {
  const p = new PendingStreams({ perAddress: 3, total: 4, lifetimeMs: 20 });
  const why = await new Promise<Error>((resolve) => p.add("10.0.0.1:1", resolve));
  t.regex(why.message, /no Attach in 20 ms/);
  t.is(p.size, 0);
});

test("an IPv6 caller is its /64, an IPv4 one its address however it is written", (t) => {
  t.is(addressOf("::ffff:10.0.0.1:555"), addressOf("10.0.0.1:7"));
  t.is(addressOf("2001:db8:1:2:aaaa::1:80"), addressOf("2001:db8:1:2:bbbb:c:d:e:81"));
  t.not(addressOf("2001:db8:1:3::1:80"), addressOf("2001:db8:1:2::1:80"));
});
