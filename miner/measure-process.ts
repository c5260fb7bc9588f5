/** One measurement in a process of its own, whose peak memory is then that measurement's: `MODEL HOST MILLISECONDS` in, one JSON line out. */
import "#platform/install.js";
import { REFERENCE_MODELS } from "#engine/reference.js";
import { parseTopology } from "#engine/topology/index.js";
import { bitsOf } from "#protocol/floats.js";
import { defaultQuanta } from "#protocol/tasks/quanta.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { measure, type MeasureOptions } from "./measure.js";

const [name, host, milliseconds] = process.argv.slice(2);
const model = REFERENCE_MODELS.find((m) => m.name === name);
if (!model) throw new Error(`there is no reference model ${name}`);
const plan = parseTopology(model.topology, { maxParameters: MAX_PARAMETERS });
const measured = await measure(plan, { ...model, lrBits: bitsOf(0.1), quanta: defaultQuanta(plan.tensors, { quantumLog2: -8, levels: 1 }, 1n), milliseconds: Number(milliseconds), host: host as NonNullable<MeasureOptions["host"]> });
console.log(JSON.stringify({ ...measured, peakBytes: process.resourceUsage().maxRSS * 1024 }));
