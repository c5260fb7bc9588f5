import "#platform/install.js";
import test from "ava";
import { fromBech32, moduleAddress, toBech32 } from "./address.js";

test("an address has one spelling: upper case is refused, though it is valid bech32", (t) => {
  const address = moduleAddress("workers");
  t.is(toBech32(fromBech32(address)), address);
  t.like(t.throws(() => fromBech32(address.toUpperCase())), { code: 7, message: `"${address.toUpperCase()}" has upper-case letters: write the address in lower case: invalid address` });
  t.like(t.throws(() => fromBech32(`${address.slice(0, -1)}${address.endsWith("q") ? "p" : "q"}`)), { code: 7 });
});
