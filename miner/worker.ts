/** The compute thread's entry. */
import "#platform/install.js";
import { Compute } from "./compute.js";
import { runCompute } from "./compute-loop.js";

runCompute((setup, engine, now) => new Compute(setup, engine, now));
