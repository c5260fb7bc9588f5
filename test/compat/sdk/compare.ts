/** Runs both chains through something and answers what differed. */
import { ALLOWED } from "./allowed.js";
import { Differences } from "./differences.js";
import { setting } from "./genesis.js";
import { clientOperations } from "./operations.js";
import { Pair } from "./pair.js";
import { compareQueries } from "./queries.js";
import { randomOperations } from "./random.js";
import { simd } from "./simd.js";

/** A large one, some that are chosen now and then, one of almost nothing. */
const POWERS = [100_000n, 5_000n, 200n, 33n, 7n];
/** blocks between comparisons of all of the state */
const EVERY = 10;

async function compared(inflation: string, run: (pair: Pair) => Promise<void>): Promise<Differences> {
  const differences = new Differences(ALLOWED);
  const pair = await Pair.start(await setting({ accounts: 8, powers: POWERS, inflation }), simd(), differences);
  try {
    await pair.block("the first block");
    await pair.compareStates();
    await run(pair);
  } finally {
    await pair.stop();
  }
  return differences;
}

/** What clients do, one after the other, and then every query. */
export const compareClients = (): Promise<Differences> =>
  compared("0.130000000000000000", async (pair) => {
    const addresses = await clientOperations(pair);
    await compareQueries(pair, addresses);
  });

/** Random operations, and then every query. */
export const compareRandom = (seed: bigint, operations: number, inflation: string): Promise<Differences> =>
  compared(inflation, async (pair) => {
    await randomOperations(pair, { seed, operations, every: EVERY });
    await compareQueries(pair);
  });
