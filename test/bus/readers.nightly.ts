import test from "ava";
import { measureReaders } from "./readers.js";

for (const running of [32, 100]) {
  test.serial(`a hundred anonymous readers, ${running} of them served at one time, delay a seated miner's message by less than 20 ms (p99)`, async (t) => {
    const { alone, beside } = await measureReaders({ readers: 100, seconds: 15, running });
    t.log(`alone: median ${alone.median.toFixed(2)}, p99 ${alone.p99.toFixed(2)} ms of ${alone.messages}; beside: median ${beside.median.toFixed(2)}, p99 ${beside.p99.toFixed(2)}, most ${beside.most.toFixed(2)} ms of ${beside.messages}, turns of the hub up to ${beside.turn.toFixed(2)} ms of CPU (p99.9), while ${beside.read} messages were read by ${beside.served} at one time`);
    t.true(beside.messages > 300, "the miner went on sending");
    t.true(beside.read > 1_000, "the readers read");
    t.is(beside.served, running);
    t.true(beside.turn < 5, `${beside.turn.toFixed(1)} ms of CPU in one turn`);
    t.true(beside.p99 - alone.p99 < 20, `${(beside.p99 - alone.p99).toFixed(1)} ms`);
  });
}
