/** Reading a model's topology: rules of consensus, the same on the chain, in a client and in a daemon. */
export { TopologyError } from "./error.js";
export type * from "./plan.js";
export { activationOf, lastComputing, LOSSES } from "./plan.js";
export { sizeOf } from "./options.js";
export { fileLayers, parseTopology } from "./parse.js";
export { checkLoss, flop, MEMORY_LIMIT, memoryBytes, memoryTable, roomOf } from "./cost.js";
export { layerNeeds, mostNonzero, type Needs } from "./needs.js";
export { errorSlots, passesError } from "./errors-back.js";
export { checkTolerant } from "./tolerant.js";
