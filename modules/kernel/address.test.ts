import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { makeAddresses } from "./address.js";

const addresses = makeAddresses("pouw", nodeCrypto);

test("an address has one spelling: upper case is refused, though it is valid bech32", (t) => {
  const address = addresses.module("workers");
  t.is(addresses.format(addresses.parse(address)), address);
  t.like(t.throws(() => addresses.parse(address.toUpperCase())), { code: 7, message: `"${address.toUpperCase()}" has upper-case letters: write the address in lower case: invalid address` });
  t.like(t.throws(() => addresses.parse(`${address.slice(0, -1)}${address.endsWith("q") ? "p" : "q"}`)), { code: 7 });
});

test("addresses of two chains do not mix, and what is handed out is the caller's own", (t) => {
  const other = makeAddresses("other", nodeCrypto);
  const address = addresses.module("tasks");
  const bytes = addresses.parse(address);
  bytes.fill(0);
  t.is(addresses.format(addresses.parse(address)), address);
  t.is(other.format(addresses.parse(address)), other.module("tasks"));
  t.like(t.throws(() => other.parse(address)), { code: 7, message: `address ${address} has prefix pouw, want other: invalid address` });
  t.like(t.throws(() => makeAddresses("Pouw", nodeCrypto)), { code: 7 });
});
