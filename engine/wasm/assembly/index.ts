/**
 * The kernels of the exact profile `wasm-f32-1`. Binary32 with one written order for every sum
 * (docs in engine/README.md): no fused multiply-add, no relaxed SIMD, lanes only across independent
 * outputs. engine/native/kernels.c is the same arithmetic, function by function.
 *
 * All addresses are bytes in the engine's memory; every buffer has 64 bytes of slack behind it,
 * because packing reads whole vectors.
 */
export { pack, gemm, product, columnSums } from "./dense";
export { sparseLists, sparseProduct, sparseGradient } from "./sparse";
export { conv2d, conv2dKernelGradient, conv2dInputGradient } from "./convolution";
export { depthwise, depthwiseKernelGradient, depthwiseInputGradient } from "./depthwise";
export { maxPool2d, maxPool2dGradient, averagePool2d, averagePool2dGradient } from "./pooling";
export { activate, activationGradient } from "./activation";
export { add, multiply, scale, copyRows, zero, embed, embedGradient } from "./elements";
export { dropout } from "./random";
export { layerNorm, layerNormGradient, batchNorm, batchNormFixed, batchNormGradient, movingGradient } from "./normal";
export { gruGates, gruState, gruStateGradient, gruResetGradient, lstmState, lstmStateGradient } from "./recurrent";
export { attention, attentionGradient } from "./attention";
export { softmaxCrossEntropy, elementLoss, softmax } from "./loss";
export { limit, clipNorm, momentumStep, adamStep, decay } from "./update";
export { quantise, addMap, makeWeights } from "./map";
