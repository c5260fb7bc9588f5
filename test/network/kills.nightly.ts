import test from "ava";
import { goesOnWithout, KILLS, survives } from "./kills.js";

test.serial("kill -9 of an application, an engine, a verifier, a supervisor and a miner during training", async (t) => {
  t.timeout(10 * 60_000);
  await survives(t, KILLS);
});

test.serial("a miner that never comes back is closed late; the others finish and lose nothing", async (t) => {
  t.timeout(10 * 60_000);
  await goesOnWithout(t);
});
