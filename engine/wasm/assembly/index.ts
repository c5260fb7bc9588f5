/**
 * The kernels of the exact profile `wasm-f32-1`. Binary32 with one written order for every sum
 * (docs in engine/README.md): no fused multiply-add, no relaxed SIMD, lanes only across independent
 * outputs. engine/native/kernels.c is the same arithmetic, function by function.
 *
 * All addresses are bytes in the engine's memory; every buffer has 64 bytes of slack behind it,
 * because packing reads whole vectors.
 */
export { pack, gemm, columnSums } from "./dense";
export { conv2d, conv2dKernelGradient, conv2dInputGradient } from "./convolution";
export { maxPool2d, maxPool2dGradient, averagePool2d, averagePool2dGradient } from "./pooling";
export { activate, activationGradient } from "./activation";
export { softmaxCrossEntropy, meanSquaredError, softmax } from "./loss";
export { quantise, addMap, makeWeights } from "./map";
