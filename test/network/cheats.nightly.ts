import test from "ava";
import { CHEATS, caught } from "./cheats.js";

for (const cheat of CHEATS) {
  test.serial(`a miner with ${cheat.fault} is caught, slashed the right amount, and the task pays the others`, async (t) => {
    t.timeout(10 * 60_000);
    await caught(t, cheat);
  });
}
