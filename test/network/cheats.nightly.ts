import test from "ava";
import { caught, CHEATS, forkVictimKeepsItsStake } from "./cheats.js";

for (const cheat of CHEATS) {
  test.serial(`a miner with ${cheat.fault} is caught, slashed the right amount, and the task pays the others`, async (t) => {
    t.timeout(10 * 60_000);
    await caught(t, [cheat]);
  });
}

test.serial("beside an equivocating miner, an honest one that saw the other fork keeps its stake and is paid", async (t) => {
  t.timeout(10 * 60_000);
  await forkVictimKeepsItsStake(t);
});
