import test from "ava";
import { addressOf } from "./caller.js";

test("an IPv6 caller is its /64, an IPv4 one its address however it is written", (t) => {
  t.is(addressOf("::ffff:10.0.0.1:555"), addressOf("10.0.0.1:7"));
  t.is(addressOf("2001:db8:1:2:aaaa::1:80"), addressOf("2001:db8:1:2:bbbb:c:d:e:81"));
  t.not(addressOf("2001:db8:1:3::1:80"), addressOf("2001:db8:1:2::1:80"));
});
