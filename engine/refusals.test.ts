/** Refused by name and without taking memory; bench/refusals.ts tells how fast. */
import test from "ava";
import { REFUSALS } from "#engine/testing/refusals.js";

/** What may be garbage, or a page that the runtime takes anyway, over all repetitions together. */
const SLACK_BYTES = 32 * 2 ** 20;
const REPETITIONS = 50;

for (const { title, says, prepare } of REFUSALS) {
  test.serial(`${title} is refused in one line with the layer's name, and memory stays flat`, async (t) => {
    const refuse = await prepare();
    const { message = "" } = t.throws(refuse) ?? {};
    t.regex(message, says);
    t.false(message.includes("\n"));
    t.true(message.length < 500, message);

    for (let i = 0; i < REPETITIONS; i++) t.throws(refuse);
    const before = process.memoryUsage().rss;
    let refused = 0;
    for (let i = 0; i < REPETITIONS; i++) {
      try {
        refuse();
      } catch {
        refused++;
      }
    }
    t.is(refused, REPETITIONS);
    t.true(process.memoryUsage().rss - before < SLACK_BYTES, `${REPETITIONS} refusals took ${process.memoryUsage().rss - before} bytes`);
  });
}
