/** Reading a model's topology: rules of consensus, the same on the chain, in a client and in a daemon. */
export { TopologyError } from "./error.js";
export type { Activation, ActivationLayer, DenseLayer, LayerPlan, Loss, ModelPlan, ShapeLayer, Tensor } from "./plan.js";
export { layerClasses, parseTopology } from "./parse.js";
export { checkLoss, flop, MEMORY_LIMIT, memoryBytes, memoryTable } from "./cost.js";
