import test from "ava";
import { MsgSend } from "./gen/cosmos/bank/v1beta1/tx.js";
import { MsgCreateValidator } from "./gen/cosmos/staking/v1beta1/tx.js";
import { numberFault, numbersFault } from "./scalars.js";
import { type Codec } from "./wire.js";

test("whole numbers of 256 bits, written in one way", (t) => {
  for (const good of ["", "0", "7", "-7", `${(1n << 256n) - 1n}`, `-${(1n << 256n) - 1n}`]) t.is(numberFault(good), undefined, good);
  for (const bad of ["-0", "00", "01", "+1", "1.0", "1e3", "0x1", " 1", "1_0", "٣"]) t.regex(numberFault(bad) ?? "", /^math\/big: cannot unmarshal "[\x20-\x7e]*" into a \*big\.Int$/, bad);
  t.is(numberFault(`${1n << 256n}`), "integer out of range; got: 257, max: 256");
  t.is(numberFault("9".repeat(100_000)), "integer out of range; got: more, max: 256");
  t.is(numberFault(`${(1n << 316n) - 1n}`, "dec"), undefined);
  t.is(numberFault(`${1n << 316n}`, "dec"), "decimal out of range");
});

test("they are looked for through a message, and what has none is not walked", (t) => {
  const coin = (amount: string) => ({ denom: "upouw", amount });
  const fault = (codec: unknown, m: object) => numbersFault(codec as Codec<unknown>, (codec as Codec<unknown>).create(m as never));
  t.is(fault(MsgSend, { amount: [coin("1"), coin("2")] }), undefined);
  t.regex(fault(MsgSend, { amount: [coin("1"), coin("x")] }) ?? "", /"x"/);
  t.is(fault(MsgCreateValidator, { minSelfDelegation: "1", value: coin("1"), commission: { rate: "100000000000000000", maxRate: "0", maxChangeRate: "0" } }), undefined);
  t.regex(fault(MsgCreateValidator, { minSelfDelegation: "one" }) ?? "", /"one"/);
  t.regex(fault(MsgCreateValidator, { commission: { rate: "0.1", maxRate: "0", maxChangeRate: "0" } }) ?? "", /"0\.1"/);
  t.regex(fault(MsgCreateValidator, { value: coin("?") }) ?? "", /"\?"/);
});
