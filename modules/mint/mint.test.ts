import test from "ava";
import { decOf, decText, ONE, parseDec } from "#kernel/dec.js";
import { asciiText } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MintQuery } from "#proto/gen/cosmos/mint/v1beta1/query.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/mint/v1beta1/tx.js";
import { DENOM, TestChain } from "#test/chain/chain.js";
import { annualProvisions, blockProvision, nextInflation } from "./inflation.js";

const q = MintQuery.methods;
/** The Cosmos SDK's defaults. */
const SDK = { mintDenom: "stake", inflationRateChange: `${parseDec("0.13")}`, inflationMax: `${parseDec("0.20")}`, inflationMin: `${parseDec("0.07")}`, goalBonded: `${parseDec("0.67")}`, blocksPerYear: 6_311_520n };

test("inflation moves to the goal and stays within its bounds: the Cosmos SDK's own cases", (t) => {
  const perBlock = (perYear: bigint): bigint => perYear / SDK.blocksPerYear;
  const change = (bonded: string, now: string) => nextInflation(SDK, parseDec(now), parseDec(bonded)) - parseDec(now);
  t.is(change("0", "0.07"), perBlock(parseDec("0.13")), "with nothing bonded it rises by all of a block's part");
  t.is(change("1", "0.20"), -(ONE * 33n * 13n) / (67n * 100n) / SDK.blocksPerYear - 1n, "with all bonded it falls");
  t.is(change("0.5", "0.10"), 5_226_169_707n, "(1 − 0.5/0.67) · 0.13 a year, each step half to even");
  t.is(change("1", "0.07"), 0n, "not below its least");
  t.is(change("0", "0.20"), 0n, "nor above its most");
  t.is(change("0.67", "0.15"), 0n);
  t.is(blockProvision({ ...SDK, blocksPerYear: 100n }, annualProvisions(parseDec("0.1"), 1_000_000n)), 1_000n);
});

test("nothing is minted unless a chain says so", (t) => {
  const c = new TestChain({ crypto: nodeCrypto });
  const before = c.supply;
  c.blocks(3);
  t.is(c.supply, before);
  t.like(c.query(q.params).params, { mintDenom: DENOM, inflationMax: "0" });
  t.is(asciiText(c.query(q.inflation).inflation), "0");
});

test("the bonded ratio is cut off behind its last place, as the Cosmos SDK divides by an integer", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, powers: [10n], funds: { a: 5_000_000n } });
  c.block();
  t.deepEqual(c.of("mint").map((e) => e["bonded_ratio"]), ["0.666666666666666666"]);
});

test("what is minted goes the way of fees, and all of it is in the supply", (t) => {
  const c = new TestChain({ crypto: nodeCrypto, powers: [10n], funds: { a: 10_000_000n }, params: { mint: { inflation_max: "0.2", inflation_min: "0.1", inflation_rate_change: "0.13", blocks_per_year: "1000" } } });
  c.block();
  t.is(c.supply, 20_000_000n + 2_000n);
  t.is(asciiText(c.query(q.annualProvisions).annualProvisions), `${decOf(2_000_000n)}`);
  t.deepEqual(c.of("mint").map((e) => [e["bonded_ratio"], e["inflation"], e["amount"]]), [["0.500000000000000000", decText(parseDec("0.1")), "2000"]]);
  c.blocks(9);
  t.true(c.supply > 20_020_000n);
  const gov = c.environment.addresses.module("gov");
  const p = c.query(q.params).params as NonNullable<ReturnType<typeof c.query<typeof q.params>>["params"]>;
  t.is(c.send(MsgUpdateParams, { authority: c.address("a"), params: p }), "gov/13");
  t.is(c.send(MsgUpdateParams, { authority: gov, params: { ...p, goalBonded: "0" } }), "sdk/18");
  c.block(() => t.is(c.send(MsgUpdateParams, { authority: gov, params: { ...p, inflationMax: "0", inflationMin: "0" } }), undefined));
  const now = c.supply;
  c.blocks(2);
  t.is(c.supply, now);
  const copy = new TestChain({ crypto: nodeCrypto, genesis: c.exported(), initialHeight: c.height + 1n, timeMs: c.timeMs });
  t.deepEqual(copy.dump(), c.dump());
});
