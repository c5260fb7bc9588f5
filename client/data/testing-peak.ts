/** Prepares the data that its argument names, alone in a process, and tells the most memory that this took: kilobytes. */
import "#platform/install.js";
import { type DataOptions } from "./options.js";
import { prepareData, type TaskShape } from "./prepare.js";
import { type RowShape } from "#protocol/tasks/data.js";

const { options, shape, task } = JSON.parse(process.argv[2] ?? "{}") as { options: DataOptions; shape: RowShape; task: TaskShape };
const { packed } = await prepareData({ ...options, seed: 1n }, shape, task);
process.stdout.write(JSON.stringify({ kilobytes: process.resourceUsage().maxRSS, batches: packed.manifest.batches }));
