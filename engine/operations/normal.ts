import type { BatchNormLayer, LayerNormLayer } from "#engine/topology/index.js";
import { type Operation, type Place, placed } from "./types.js";

export function layerNormOperation(layer: LayerNormLayer, p: Place): Operation {
  const { kernels, inputs: [input = 0], output, kept: [stats = 0, room = 0] } = p;
  const { positions, width, epsilon } = layer;
  const [gamma, beta] = [placed(p, layer.gamma), placed(p, layer.beta)];
  return {
    forward: (rows) => kernels.layerNorm(rows * positions, width, input, gamma.at, beta.at, epsilon, stats, output),
    backward(rows, error, [target = 0]) {
      kernels.layerNormGradient(rows * positions, width, input, gamma.at, stats, error, room, gamma.gradient, beta.gradient, target);
    },
  };
}

export function batchNormOperation(layer: BatchNormLayer, p: Place): Operation {
  const { kernels, inputs: [input = 0], output, kept: [stats = 0, room = 0] } = p;
  const { positions, width, epsilon } = layer;
  const [gamma, beta, mean, variance] = [placed(p, layer.gamma), placed(p, layer.beta), placed(p, layer.mean), placed(p, layer.variance)];
  const part = Math.fround(1 - layer.momentum);
  return {
    forward(rows, training) {
      if (training) kernels.batchNorm(rows * positions, width, input, gamma.at, beta.at, epsilon, stats, output);
      else kernels.batchNormFixed(rows * positions, width, input, gamma.at, beta.at, mean.at, variance.at, epsilon, stats, output);
    },
    backward(rows, error, [target = 0]) {
      kernels.batchNormGradient(rows * positions, width, input, gamma.at, stats, room, error, gamma.gradient, beta.gradient, target);
    },
    statistics() {
      kernels.movingGradient(width, mean.at, stats, part, mean.gradient);
      kernels.movingGradient(width, variance.at, stats + 2 * width * 4, part, variance.gradient);
    },
  };
}
