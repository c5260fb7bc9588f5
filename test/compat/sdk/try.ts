import { Differences } from "./differences.js";
import { ALLOWED } from "./allowed.js";
import { setting } from "./genesis.js";
import { Pair } from "./pair.js";
import { randomOperations } from "./random.js";

const [seed = "1", operations = "30", inflation = "0.000000000000000000"] = process.argv.slice(2);
const d = new Differences(ALLOWED);
const s = await setting({ accounts: 8, powers: [100_000n, 5_000n, 200n, 33n, 7n], inflation });
const pair = await Pair.start(s, ".cache/bin/simd", d);
await pair.block("empty");
await pair.compareStates();
await randomOperations(pair, { seed: BigInt(seed), operations: Number(operations), every: 10 });
await pair.stop();
console.log(d.report());
