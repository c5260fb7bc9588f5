import test from "ava";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type Amount, amountOf } from "#kernel/coin-list.js";
import { PeriodicVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/vesting.js";
import { Any } from "#proto/gen/google/protobuf/any.js";
import { accountValue } from "./account.js";
import { type Schedule, type Vesting } from "./types.js";
import { delegated, endOfPeriods, lockedAt, undelegated, unixSeconds, vested, vestingFault } from "./vesting.js";

const amounts = (...list: [amount: bigint, denom?: string][]): Amount[] => list.map(([amount, denom = "stake"]) => ({ denom, amount }));
const FEE_AND_STAKE = amounts([1000n, "fee"], [100n]);
const of = (schedule: Schedule, endTime = 200n, original = FEE_AND_STAKE): Vesting => ({ original, delegatedFree: [], delegatedVesting: [], endTime, ...schedule });
const text = (coins: readonly Amount[]): string => coins.map((c) => `${c.amount}${c.denom}`).join(",");
/** A hundred seconds from 100 on. */
const continuous = of({ kind: "continuous", startTime: 100n });
const stake = (amount: bigint): Amount => ({ denom: "stake", amount });
/** What is delegated: of free, and of locked coins. */
const parts = ({ delegatedFree, delegatedVesting }: Vesting): [string, string] => [text(delegatedFree), text(delegatedVesting)];

test("continuous: nothing until the start and in it, all from the end on, in between in proportion", (t) => {
  const at = (now: bigint): string => text(vested(continuous, now));
  t.deepEqual([0n, 100n].map(at), ["", ""]);
  t.is(at(101n), "10fee,1stake");
  t.is(at(150n), "500fee,50stake");
  t.is(at(199n), "990fee,99stake");
  t.deepEqual([200n, 201n, 1n << 62n].map(at), ["1000fee,100stake", "1000fee,100stake", "1000fee,100stake"]);
  t.is(text(lockedAt(continuous, 100n)), "1000fee,100stake");
  t.is(text(lockedAt(continuous, 199n)), "10fee,1stake");
  t.is(text(lockedAt(continuous, 200n)), "");
});

test("continuous: halves are rounded to the even unit, and a part that is too small is none", (t) => {
  const half = (amount: bigint): string => text(vested(of({ kind: "continuous", startTime: 0n }, 2n, amounts([amount])), 1n));
  t.deepEqual([1n, 2n, 3n, 5n, 7n].map(half), ["0stake", "1stake", "2stake", "2stake", "4stake"]);
  t.is(text(vested(of({ kind: "continuous", startTime: 0n }, 1n << 62n, amounts([10n ** 18n])), 1n)), "0stake");
  t.is(text(lockedAt(of({ kind: "continuous", startTime: 0n }, 2n, amounts([1n])), 1n)), "1stake");
});

test("continuous: one that ends before it begins is locked in its first second alone", (t) => {
  const late = of({ kind: "continuous", startTime: 300n });
  t.deepEqual([299n, 300n, 301n].map((now) => text(lockedAt(late, now))), ["1000fee,100stake", "1000fee,100stake", ""]);
});

test("continuous: 400 curves equal those of the Cosmos SDK's decimals to the unit", (t) => {
  const rows = JSON.parse(readFileSync(new URL("testdata/continuous.json", import.meta.url), "utf8")) as string[][];
  t.is(rows.length, 400);
  for (const row of rows) {
    const [amount, startTime, endTime, now, free] = row.map(BigInt) as [bigint, bigint, bigint, bigint, bigint];
    const v = of({ kind: "continuous", startTime }, endTime, amounts([amount]));
    // The SDK has its two ends apart from the formula, which gives the same there.
    t.is(text(vested(v, now)) || "0stake", `${free}stake`, row.join(" "));
    t.is(text(lockedAt(v, now)), amount === free ? "" : `${amount - free}stake`);
  }
});

test("delayed and permanent: all at the end, and never", (t) => {
  const [delayed, permanent] = [of({ kind: "delayed" }), of({ kind: "permanent" }, 0n)];
  t.deepEqual([0n, 199n, 200n].map((now) => text(lockedAt(delayed, now))), ["1000fee,100stake", "1000fee,100stake", ""]);
  t.deepEqual([0n, 1n << 62n].map((now) => text(lockedAt(permanent, now))), ["1000fee,100stake", "1000fee,100stake"]);
  t.is(text(lockedAt(of({ kind: "base" }), 0n)), "", "the common record alone locks nothing");
});

test("periodic: each period's coins at its end, not a second before", (t) => {
  const periods = [
    { length: 50n, amount: amounts([500n, "fee"], [50n]) },
    { length: 25n, amount: amounts([250n, "fee"]) },
    { length: 25n, amount: amounts([250n, "fee"], [50n]) },
  ];
  const v = of({ kind: "periodic", startTime: 100n, periods });
  t.is(endOfPeriods(100n, periods), 200n);
  t.is(vestingFault(v, v), undefined);
  const at = (now: bigint): string => text(vested(v, now));
  t.deepEqual([100n, 149n, 150n, 174n, 175n, 199n, 200n].map(at), ["", "", "500fee,50stake", "500fee,50stake", "750fee,50stake", "750fee,50stake", "1000fee,100stake"]);
  t.is(text(lockedAt(v, 175n)), "250fee,50stake");
});

test("what no account can be is refused in the SDK's words", (t) => {
  const period = (length: bigint, amount = amounts([100n])) => ({ length, amount });
  const fault = (schedule: Schedule, endTime = 200n, original = amounts([100n])) => vestingFault(of(schedule, endTime, original), schedule);
  t.is(fault({ kind: "periodic", startTime: 100n, periods: [period(100n)] }), undefined);
  t.is(fault({ kind: "periodic", startTime: 200n, periods: [] }), "vesting start-time cannot be before end-time");
  t.is(fault({ kind: "periodic", startTime: 100n, periods: [period(101n), period(-1n)] }), "period #1 has a negative length: -1");
  t.is(fault({ kind: "periodic", startTime: 100n, periods: [period(99n)] }), "vesting end time does not match length of all vesting periods");
  t.is(fault({ kind: "periodic", startTime: 100n, periods: [period(100n, amounts([99n]))] }), "original vesting coins (100stake) does not match the sum of all coins in vesting periods (99stake)");
  t.is(fault({ kind: "permanent" }, 1n), "permanently vested accounts cannot have an end-time");
  t.is(fault({ kind: "delayed" }, -1n), "end time cannot be negative");
  t.is(fault({ kind: "delayed" }, 1n, []), "invalid coins: ");
  t.is(vestingFault({ ...of({ kind: "delayed" }), delegatedVesting: amounts([101n]) }, { kind: "delayed" }), "delegated vesting amount cannot be greater than original vesting amount");
  // Go's sum of 64 bits wraps: the end comes before the start.
  t.is(endOfPeriods(100n, [period((1n << 63n) - 1n)]), -(1n << 63n) + 99n);
});

test("delegations take locked coins first, and free ones when those are used up", (t) => {
  t.deepEqual(parts(delegated(continuous, 100n, stake(100n))), ["", "100stake"], "all is locked");
  t.deepEqual(parts(delegated(continuous, 200n, stake(100n))), ["100stake", ""], "nothing is");
  const once = delegated(continuous, 150n, stake(30n));
  t.deepEqual(parts(once), ["", "30stake"]);
  t.is(text(lockedAt(once, 150n)), "500fee,20stake");
  const twice = delegated(once, 150n, stake(40n));
  t.deepEqual(parts(twice), ["20stake", "50stake"]);
  t.is(text(lockedAt(twice, 150n)), "500fee");
  // More has come free by now than was delegated of what was locked: nothing is locked of it, and nothing less.
  t.is(text(lockedAt(twice, 180n)), "200fee");
  t.deepEqual(parts(delegated(twice, 180n, stake(5n))), ["25stake", "50stake"]);
  t.deepEqual(parts(delegated(of({ kind: "base" }), 0n, stake(5n))), ["", ""]);
});

test("what comes back is free coins first, and what a slash took stays counted", (t) => {
  const both = delegated(continuous, 150n, stake(70n));
  t.deepEqual(parts(both), ["20stake", "50stake"]);
  t.deepEqual(parts(undelegated(both, stake(15n))), ["5stake", "50stake"]);
  t.deepEqual(parts(undelegated(both, stake(45n))), ["", "25stake"]);
  t.deepEqual(parts(undelegated(both, stake(70n))), ["", ""]);
  // Half of it was slashed: 35 come back, 20 of them free, and 35 of the locked coins are gone for good.
  const slashed = undelegated(both, stake(35n));
  t.deepEqual(parts(slashed), ["", "35stake"]);
  t.is(text(lockedAt(slashed, 150n)), "500fee,15stake");
  // More than ever went, as rewards of rounding may be.
  t.deepEqual(parts(undelegated(both, stake(100n))), ["", ""]);
  t.deepEqual(parts(undelegated(continuous, { denom: "other", amount: 1n })), ["", ""]);
});

test("a block's second is the one that has begun", (t) => {
  t.deepEqual([0n, 999_999_999n, 1_000_000_000n, -1n].map((timeNs) => unixSeconds({ timeNs })), [0n, 0n, 1n, -1n]);
});

test("an account of many periods is read and written without looking at them", (t) => {
  const periods = Array.from({ length: 3_000 }, (_, i) => ({ length: BigInt(i + 1), amount: amounts([BigInt(i + 1)]) }));
  const endTime = endOfPeriods(5n, periods);
  const account = { address: "pouw1x", accountNumber: 3n, sequence: 4n, vesting: of({ kind: "periodic", startTime: 5n, periods }, endTime, amounts([4_501_500n])) };
  const bytes = accountValue.encode(account);
  const wire = PeriodicVestingAccount.decode(Any.decode(bytes).value);
  t.is(wire.vestingPeriods.length, 3_000);
  t.deepEqual(PeriodicVestingAccount.encode(wire), Any.decode(bytes).value, "the bytes are the generated codec's");
  const read = accountValue.decode(bytes);
  const v = read.vesting as Vesting;
  t.deepEqual([...(v.kind === "periodic" ? v.periods : [])], periods);
  t.is(vestingFault(v, v), undefined);
  t.is(text(vested(v, 11n)), "6stake");
  const changed = accountValue.encode({ ...read, sequence: 5n, vesting: undelegated(delegated(v, 0n, stake(9n)), stake(4n)) });
  const again = PeriodicVestingAccount.decode(Any.decode(changed).value);
  t.like(again, { startTime: 5n, vestingPeriods: wire.vestingPeriods, baseVestingAccount: { endTime, baseAccount: { sequence: 5n }, delegatedVesting: [{ denom: "stake", amount: "5" }] } });
  const none = accountValue.decode(accountValue.encode({ ...account, vesting: of({ kind: "periodic", startTime: 0n, periods: [] }) }));
  t.deepEqual([...((none.vesting as { periods?: Iterable<unknown> }).periods ?? [1])], []);
});

test("whatever is delegated and comes back in part, no more is locked than was at first, and all that is delegated is counted", (t) => {
  const step = fc.record({ wait: fc.nat(40), amount: fc.bigInt(1n, 60n), back: fc.boolean(), lost: fc.nat(3) });
  fc.assert(
    fc.property(fc.constantFrom<Schedule>({ kind: "continuous", startTime: 100n }, { kind: "delayed" }, { kind: "permanent" }), fc.array(step, { maxLength: 30 }), (schedule, steps) => {
      let v = of(schedule);
      let now = 90n;
      let [balance, staked, lost] = [150n, 0n, 0n];
      for (const { wait, amount, back, lost: part } of steps) {
        now += BigInt(wait);
        if (back) {
          // Some of what was staked a slash has taken: it never comes back.
          const gone = staked < BigInt(part) ? staked : BigInt(part);
          staked -= gone;
          lost += gone;
          const paid = amount < staked ? amount : staked;
          staked -= paid;
          balance += paid;
          v = paid > 0n ? undelegated(v, { denom: "stake", amount: paid }) : v;
        } else if (amount <= balance) {
          v = delegated(v, now, { denom: "stake", amount });
          balance -= amount;
          staked += amount;
        }
        const [free, vesting] = [amountOf(v.delegatedFree, "stake"), amountOf(v.delegatedVesting, "stake")];
        t.is(free + vesting, staked + lost);
        t.true(vesting <= 100n);
        const locked = amountOf(lockedAt(v, now), "stake");
        t.true(locked >= 0n && locked <= balance, `${locked} locked of ${balance}`);
      }
    }),
    { numRuns: 500 },
  );
});
