import test from "ava";
import { nextStep, type ValidatorFacts } from "./status.js";

type Validator = NonNullable<ValidatorFacts["validator"]>;

const NOW = Date.parse("2026-01-31T12:00:00Z");
const validator: Validator = { moniker: "me", operator: "pouwvaloper1me", status: "bonded", jailed: false, tokens: 5_000_000n, ownStake: 5_000_000n, minSelfDelegation: 1n };
const good: ValidatorFacts = {
  height: 20n,
  catchingUp: false,
  nowMs: NOW,
  askedMs: NOW + 1000,
  validator,
  beacon: { key: "aa" },
  signing: { missed: 1n, jailedUntilMs: 0, tombstoned: false },
  window: { blocks: 100n, mayMiss: 50n },
  leastStake: 1_000_000n,
  home: { consensusKeyIsValidators: true, beaconKey: "aa" },
  from: "op",
};
const next = (change: Partial<ValidatorFacts> = {}, v: Partial<Validator> = {}): string => nextStep({ ...good, validator: { ...validator, ...v }, ...change });
const without = (name: "validator" | "beacon"): ValidatorFacts => {
  const { [name]: _, ...rest } = good;
  return rest;
};

test("a validator that signs has nothing to do", (t) => {
  t.is(next(), "nothing: it signs");
});

test("each thing that keeps a validator from signing is told with the command that mends it, the first one first", (t) => {
  t.is(next({ catchingUp: true }), "wait: the node still fetches blocks, it is at 20");
  t.is(nextStep(without("validator")), "make the validator: pouwd tx staking create-validator AMOUNT --from op");
  t.regex(next({ home: { consensusKeyIsValidators: false, beaconKey: "aa" } }), /consensus key is not the validator's/);
  t.regex(next({ signing: { missed: 0n, jailedUntilMs: NOW, tombstoned: true } }, { jailed: true }), /never signs again/);
  t.regex(next({ signing: { missed: 0n, jailedUntilMs: NOW + 60_000, tombstoned: false } }, { jailed: true, status: "unbonding" }), /wait until 2026-01-31T12:01:00Z; then: pouwd tx slashing unjail --from op$/);
  t.is(next({ signing: { missed: 0n, jailedUntilMs: NOW, tombstoned: false } }, { jailed: true, status: "unbonding" }), "let it sign again: pouwd tx slashing unjail --from op");
  t.regex(next({}, { jailed: true, ownStake: 5n, minSelfDelegation: 6n }), /^its own stake is 5, less than the 6 that it promised: pouwd tx staking delegate pouwvaloper1me AMOUNT --from op, then pouwd tx slashing unjail --from op$/);
  t.regex(next({}, { jailed: true, ownStake: 0n }), /it has left and its node may be stopped/);
  t.is(nextStep({ ...without("beacon"), validator: { ...validator, status: "unbonded" } }), "register its beacon key, without which it signs nothing: pouwd tx beacon register-beacon-key --from op");
  t.is(next({ beacon: { next: { key: "aa", height: 22n } } }, { status: "unbonded" }), "wait: its beacon key is effective from block 22 on, and the node is at 20");
  t.regex(next({ home: { consensusKeyIsValidators: true, beaconKey: "bb" } }), /this home's beacon key is not the registered one/);
  t.is(next({}, { status: "unbonded", tokens: 999_999n }), "its stake is 999999 base units, and 1000000 are needed to sign: pouwd tx staking delegate pouwvaloper1me AMOUNT --from op");
  t.is(next({}, { status: "unbonded" }), "wait: it is bonded with the next block");
  t.regex(next({ signing: { missed: 26n, jailedUntilMs: 0, tombstoned: false } }), /^it has missed 26 of the last 100 blocks, and more than 50 are jail/);
  t.is(next({ signing: { missed: 25n, jailedUntilMs: 0, tombstoned: false } }), "nothing: it signs");
});

test("on a chain that makes no blocks nobody signs, and there is no next block to wait for", (t) => {
  const line = "no block was made since 20, which is of 2026-01-31T12:00:00Z: see that validators with more than two thirds of the stake run and reach each other (node.log, engine.log)";
  const stands = { askedMs: NOW + 20_001 };
  t.is(next(stands), line);
  t.is(next(stands, { status: "unbonded" }), line);
  t.is(next({ ...stands, signing: { missed: 26n, jailedUntilMs: 0, tombstoned: false } }), line);
  t.is(next({ ...stands, beacon: { next: { key: "aa", height: 22n } } }, { status: "unbonded" }), line);
  t.is(next({ askedMs: NOW + 20_000 }), "nothing: it signs");
  t.regex(next({ ...stands, catchingUp: true }), /^wait: the node still fetches blocks/, "what it has not fetched may well have been made");
});
