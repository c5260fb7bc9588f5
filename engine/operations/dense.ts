import { activationCode, fused } from "#engine/kernels.js";
import type { ActivationLayer, DenseLayer } from "#engine/topology/index.js";
import type { Operation, Place } from "./types.js";

export function denseOperation(layer: DenseLayer, p: Place): Operation {
  const { kernels, packed, input, output } = p;
  const { inputs, units } = layer;
  const activation = activationCode(layer.activation);
  const [kernel, kernelGradient] = [p.weights, p.gradient].map((at) => at + layer.kernel.offset * 4) as [number, number];
  const [bias, biasGradient] = layer.bias ? [p.weights + layer.bias.offset * 4, p.gradient + layer.bias.offset * 4] : [0, 0];
  return {
    outputSize: units,
    keptSize: 0,
    forward(rows) {
      kernels.pack(inputs, units, kernel, units, 1, packed);
      kernels.gemm(rows, units, inputs, input, inputs, 1, packed, output, bias, fused(activation));
      if (activation > 0 && !fused(activation)) kernels.activate(activation, rows * units, output, output);
    },
    backward(rows, error, other, first) {
      if (activation > 0) kernels.activationGradient(activation, rows * units, output, error);
      kernels.pack(rows, units, error, units, 1, packed);
      kernels.gemm(inputs, units, rows, input, 1, inputs, packed, kernelGradient, 0, 0);
      if (bias) kernels.columnSums(rows, units, error, biasGradient);
      if (first) return false;
      kernels.pack(units, inputs, kernel, 1, units, packed);
      kernels.gemm(rows, inputs, units, error, units, 1, packed, other, 0, 0);
      return true;
    },
  };
}

export function activationOperation(layer: ActivationLayer, size: number, { kernels, input, output }: Place): Operation {
  const activation = activationCode(layer.activation);
  return {
    outputSize: size,
    keptSize: 0,
    forward: (rows) => kernels.activate(activation, rows * size, input, output),
    backward(rows, error) {
      kernels.activationGradient(activation, rows * size, output, error);
      return false;
    },
  };
}
