/** Reading a model's topology: rules of consensus, the same on the chain, in a client and in a daemon. */
export { TopologyError } from "./error.js";
export type { Activation, ActivationLayer, Conv2dLayer, DenseLayer, LayerPlan, Loss, ModelPlan, Pool2dLayer, ShapeLayer, Tensor, Window } from "./plan.js";
export { activationOf } from "./plan.js";
export { sizeOf } from "./options.js";
export { layerClasses, parseTopology } from "./parse.js";
export { checkTolerant } from "./tolerant.js";
export { checkLoss, flop, MEMORY_LIMIT, memoryBytes, memoryTable } from "./cost.js";
