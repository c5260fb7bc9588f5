/** By hand: node --conditions=source --import tsx test/compat/clients/main.ts COMETBFT [own]; `own`: this project's prefix, denomination and chain id. Exits 1 on a difference that is not known. */
import { POUW, SIMD } from "#test/compat/sdk/genesis.js";
import { compareClients } from "./clients-compared.js";

const [cometbft = "cometbft", face] = process.argv.slice(2);
const { comparison, missed } = await compareClients(face === "own" ? POUW : SIMD, cometbft, process.env.VERBOSE ? (call) => console.error(new Date().toISOString(), call) : undefined);
console.log(comparison.report());
if (missed.length > 0) console.log(`methods that were not called: ${missed.join(", ")}`);
process.exit(comparison.found.length > 0 || missed.length > 0 ? 1 : 0);
