import { randomInt } from "node:crypto";
import test from "ava";
import { storm } from "./storm.js";

/** POUWD_STORM_KILLS: of each kind of process. */
const kills = Number(process.env["POUWD_STORM_KILLS"] ?? 50);

test.serial(`kill -9 of each kind of process at ${kills} random moments of a task: nothing signed twice, nothing lost, nobody slashed`, async (t) => {
  t.timeout(30 * 60_000);
  await storm(t, { kills, epochs: 6 * kills + 30, seed: randomInt(256) });
});
