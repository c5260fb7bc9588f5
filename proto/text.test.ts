import test from "ava";
import { MsgSend } from "./gen/cosmos/bank/v1beta1/tx.js";
import { MsgGrantAllowance } from "./gen/cosmos/feegrant/v1beta1/tx.js";
import { StakeAuthorization } from "./gen/cosmos/staking/v1beta1/authz.js";
import { compactText } from "./text.js";
import type { Codec } from "./wire.js";

/** Written as gogoproto's text.go (v1.7.0) does it in its compact form. */
test("messages are printed as Go prints them into logs", (t) => {
  const text = <T>(codec: Codec<T>, m: Partial<T>): string => compactText(codec as Codec<unknown>, codec.create(m), 10_000);
  const amount = [{ denom: "upouw", amount: "5" }, { denom: "x", amount: "" }];
  t.is(text(MsgSend, { fromAddress: 'a"b\\c', toAddress: "é\n\u0001", amount }), 'from_address:"a\\"b\\\\c" to_address:"\\303\\251\\n\\001" amount:<denom:"upouw" amount:"5" > amount:<denom:"x" > ');
  t.is(text(MsgGrantAllowance, { granter: "g", allowance: { typeUrl: "/x", value: Uint8Array.of(255, 65) } }), 'granter:"g" allowance:<type_url:"/x" value:"\\377A" > ');
  t.is(text(StakeAuthorization, { denyList: { address: ["v", "w"] }, authorizationType: 1 }), 'deny_list:<address:"v" address:"w" > authorization_type:AUTHORIZATION_TYPE_DELEGATE ');
  t.is(text(MsgSend, {}), "");
  const long = MsgSend.create({ fromAddress: "a", toAddress: "b".repeat(100), amount });
  for (const most of [0, 1, 17, 40, 200]) t.is(compactText(MsgSend as Codec<unknown>, long, most), text(MsgSend, long).slice(0, most));
});
