import test from "ava";
import { Metadata } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { MsgMultiSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { address, environment } from "#test/chain/environment.js";
import { inLowerCase } from "./spelling.js";

test("addresses in upper case are found through a message, and nothing else is touched", (t) => {
  const [a, b] = [address("a"), address("b")];
  const lower = MsgMultiSend.create({ inputs: [{ address: a, coins: [] }], outputs: [{ address: b, coins: [{ denom: "UPOUW", amount: "1" }] }] });
  t.is(inLowerCase(MsgMultiSend, lower), lower, "itself");
  const upper = MsgMultiSend.create({ inputs: [{ address: a.toUpperCase(), coins: [] }], outputs: [{ address: b, coins: [{ denom: "UPOUW", amount: "1" }] }] });
  t.deepEqual(inLowerCase(MsgMultiSend, upper), lower);
  t.is(upper.inputs[0]?.address, a.toUpperCase(), "what was signed stays");
  const operator = environment.addresses.operator.format(environment.addresses.parse(a));
  // A hash, a text without a checksum and one in both cases are no addresses.
  const hash = "0123456789ABCDEF".repeat(4);
  for (const uri of [hash, `POUW1${"Q".repeat(38)}`, `P${a.slice(1)}`, "POUW"]) t.is(inLowerCase(Metadata, Metadata.create({ uri })).uri, uri);
  t.is(inLowerCase(Metadata, Metadata.create({ uri: operator.toUpperCase() })).uri, operator, "of any prefix");
});
