import test from "ava";
import { Params, Validator } from "./gen/pouw.js";
import { fromJson, toJson } from "./json.js";

const thrown = (run: () => unknown): string => {
  try {
    run();
    return "accepted";
  } catch (e) {
    return (e as Error).message;
  }
};
const refusal = (json: unknown): string => thrown(() => fromJson(Params, json, "params"));

test("integers outside their type are refused, not stored as another number", (t) => {
  t.is(refusal({ slash_stall: -5 }), "params.slash_stall: got -5, want a whole number from 0 to 4294967295");
  t.is(refusal({ slash_stall: 4_294_967_296 }), "params.slash_stall: got 4294967296, want a whole number from 0 to 4294967295");
  t.is(refusal({ slash_stall: 0.5 }), "params.slash_stall: got 0.5, want a whole number from 0 to 4294967295");
  t.is(refusal({ slash_stall: [5] }), "params.slash_stall: got [5], want a whole number from 0 to 4294967295");
  t.is(refusal({ reward0: "18446744073709551616" }), `params.reward0: got "18446744073709551616", want a whole number from 0 to 18446744073709551615`);
  t.is(refusal({ reward0: -1 }), "params.reward0: got -1, want a whole number from 0 to 18446744073709551615");
  t.is(refusal({ reward0: 2 ** 53 }), "params.reward0: got 9007199254740992, want a whole number from 0 to 18446744073709551615");
  t.like(fromJson(Params, { slash_stall: "7", reward0: "18446744073709551615" }), { slashStall: 7, reward0: (1n << 64n) - 1n });
});

test("what toJson writes fromJson reads", (t) => {
  const v = Validator.create({ operator: "x", power: 10n, consensusKey: Uint8Array.of(1, 2, 3), moniker: "m" });
  t.deepEqual(fromJson(Validator, toJson(Validator, v)), v);
});
