import { activationCode, fused } from "#engine/kernels.js";
import { type Conv2dLayer, type Pool2dLayer, sizeOf } from "#engine/topology/index.js";
import type { Operation, Place } from "./types.js";

/** As engine/wasm/assembly/window.ts reads it. */
function windowTable(layer: Conv2dLayer | Pool2dLayer): number[] {
  const { size, strides, positions, before, padded } = layer.window;
  const [h, w] = layer.inputShape as [number, number, number];
  return [h, w, layer.channels, ...size, ...strides, ...before, ...padded, ...positions, layer.kind === "conv2d" ? layer.filters : layer.channels];
}

export function conv2dOperation(layer: Conv2dLayer, p: Place): Operation {
  const { kernels, packed, columns, input, output } = p;
  const { filters } = layer;
  const window = layer.kernel.size / filters;
  const outputSize = sizeOf(layer.outputShape);
  const positions = outputSize / filters;
  const activation = activationCode(layer.activation);
  const table = p.table(windowTable(layer));
  const [kernel, kernelGradient] = [p.weights, p.gradient].map((at) => at + layer.kernel.offset * 4) as [number, number];
  const [bias, biasGradient] = layer.bias ? [p.weights + layer.bias.offset * 4, p.gradient + layer.bias.offset * 4] : [0, 0];
  return {
    outputSize,
    keptSize: 0,
    forward(rows) {
      kernels.pack(window, filters, kernel, filters, 1, packed);
      kernels.conv2d(rows, table, input, kernel, packed, columns, output, bias, fused(activation));
      if (activation > 0 && !fused(activation)) kernels.activate(activation, rows * outputSize, output, output);
    },
    backward(rows, error, other, first) {
      if (activation > 0) kernels.activationGradient(activation, rows * outputSize, output, error);
      kernels.conv2dKernelGradient(rows, table, input, error, packed, columns, kernelGradient);
      if (bias) kernels.columnSums(rows * positions, filters, error, biasGradient);
      if (first) return false;
      kernels.pack(filters, window, kernel, 1, filters, packed);
      kernels.conv2dInputGradient(rows, table, error, packed, columns, other);
      return true;
    },
  };
}

export function pool2dOperation(layer: Pool2dLayer, p: Place): Operation {
  const { kernels, input, output } = p;
  const outputSize = sizeOf(layer.outputShape);
  const table = p.table(windowTable(layer));
  const largest = output + p.batchSize * outputSize * 4;
  const max = layer.how === "max";
  return {
    outputSize,
    keptSize: outputSize,
    forward(rows) {
      if (max) kernels.maxPool2d(rows, table, input, output, largest);
      else kernels.averagePool2d(rows, table, input, output);
    },
    backward(rows, error, other, first) {
      if (first) return false;
      if (max) kernels.maxPool2dGradient(rows, table, largest, error, other);
      else kernels.averagePool2dGradient(rows, table, error, other);
      return true;
    },
  };
}
