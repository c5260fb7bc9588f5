/** The entry of a compute thread that misbehaves: see faults.ts. */
import "#platform/install.js";
import { runCompute } from "./compute-loop.js";
import { faultFromEnvironment } from "./faults.js";
import { FaultyCompute } from "./faulty-compute.js";

const fault = faultFromEnvironment(process.env);
if (!fault) throw new Error("miner/faulty-worker.ts runs with a fault in the environment only");
runCompute((setup, engine, now) => new FaultyCompute(fault, setup, engine, now));
