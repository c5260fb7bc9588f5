import test from "ava";
import { ceil, decOf, decText, mul, mulRoundUp, mulTruncate, parseDec, power, quo, quoRoundUp, quoTruncate, roundInt, truncate } from "./dec.js";

const d = parseDec;

test("decimal numbers have 18 places in JSON, and are read with fewer", (t) => {
  t.is(decText(d("1.5")), "1.500000000000000000");
  t.is(decText(d("-0.25")), "-0.250000000000000000");
  t.is(decText(0n), "0.000000000000000000");
  for (const bad of ["", ".5", "1.", "1e3", "0.1234567890123456789", "+1"]) t.throws(() => d(bad), { message: /want a decimal number/ });
});

test("halves go to the even neighbour, other names round as they say", (t) => {
  t.is(mul(d("0.000000000000000001"), d("0.5")), 0n);
  t.is(mul(d("0.000000000000000003"), d("0.5")), 2n);
  t.is(mul(d("-0.000000000000000003"), d("0.5")), -2n);
  t.is(mulTruncate(d("0.000000000000000003"), d("0.5")), 1n);
  t.is(mulRoundUp(d("0.000000000000000001"), d("0.1")), 1n);
  t.is(decText(quo(d("2"), d("3"))), "0.666666666666666667");
  t.is(decText(quoTruncate(d("2"), d("3"))), "0.666666666666666666");
  t.is(decText(quoRoundUp(d("1"), d("3"))), "0.333333333333333334");
  t.is(roundInt(d("2.5")), 2n);
  t.is(roundInt(d("3.5")), 4n);
  t.is(truncate(d("2.9")), 2n);
  t.is(truncate(d("-2.9")), -2n);
  t.is(ceil(d("2.1")), 3n);
  t.is(ceil(decOf(2n)), 2n);
  t.is(decText(power(d("1.1"), 3n)), "1.331000000000000000");
});
