/** What every commit shows on real networks; the rest of the family is in *.nightly.ts (`./scripts/nightly`). */
import test from "ava";
import { refusesForgery } from "./byzantine.js";
import { caught, CHEATS } from "./cheats.js";
import { KILLS, survives } from "./kills.js";

test.serial("five cheating miners of one task, each of its own kind, are caught, slashed the right amounts, and the task pays the others", async (t) => {
  t.timeout(10 * 60_000);
  await caught(t, CHEATS);
});

test.serial("kill -9 of an application, an engine, a verifier, a supervisor and a miner during training: nothing is lost", async (t) => {
  t.timeout(10 * 60_000);
  await survives(t, KILLS);
});

test.serial("a proposer that forges transaction 0's beacon signature is rejected", async (t) => {
  t.timeout(5 * 60_000);
  await refusesForgery(t, "forge-beacon");
});
