/** By hand: node --conditions=source --import tsx test/compat/sdk/main.ts [SEED OPERATIONS INFLATION]; without arguments, what clients do. */
import { compareClients, compareRandom } from "./compare.js";

const [seed, operations = "200", inflation = "0.000000000000000000"] = process.argv.slice(2);
const differences = seed === undefined ? await compareClients() : await compareRandom(BigInt(seed), Number(operations), inflation);
console.log(differences.report());
process.exitCode = differences.found.length > 0 ? 1 : 0;
