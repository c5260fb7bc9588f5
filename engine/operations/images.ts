import { type Conv2dLayer, type DepthwiseLayer, type Pool2dLayer, sizeOf } from "#engine/topology/index.js";
import { activated } from "./activated.js";
import { nth, type Operation, type Place, placed } from "./types.js";

/** As engine/wasm/assembly/window.ts reads it. */
function windowTable(layer: Conv2dLayer | DepthwiseLayer | Pool2dLayer): number[] {
  const { image, size, strides, positions, before, padded } = layer.window;
  const filters = layer.kind === "conv2d" ? layer.filters : layer.kind === "depthwise" ? layer.multiplier : layer.channels;
  return [...image, layer.channels, ...size, ...strides, ...before, ...padded, ...positions, filters];
}

export function conv2dOperation(layer: Conv2dLayer, p: Place): Operation {
  const { kernels, columns, inputs: [input = 0] } = p;
  const { filters } = layer;
  const packed = nth(p.packed, 0);
  const window = layer.kernel.size / filters;
  const outputSize = sizeOf(layer.outputShape);
  const positions = outputSize / filters;
  const table = p.table(windowTable(layer));
  const [kernel, bias] = [placed(p, layer.kernel), placed(p, layer.bias)];
  const activation = activated(p, outputSize);
  return {
    forward(rows) {
      kernels.pack(window, filters, kernel.at, filters, 1, packed);
      kernels.conv2d(rows, table, input, kernel.at, packed, columns, activation.linear, bias.at, activation.relu);
      activation.forward(rows);
    },
    backward(rows, error, [target]) {
      activation.backward(rows, error);
      kernels.conv2dKernelGradient(rows, table, input, error, packed, columns, kernel.gradient);
      if (bias.at) kernels.columnSums(rows * positions, filters, error, bias.gradient);
      if (!target) return;
      kernels.pack(filters, window, kernel.at, 1, filters, packed);
      kernels.conv2dInputGradient(rows, table, error, packed, columns, target);
    },
  };
}

export function depthwiseOperation(layer: DepthwiseLayer, p: Place): Operation {
  const { kernels, columns, inputs: [input = 0] } = p;
  const wide = layer.channels * layer.multiplier;
  const outputSize = sizeOf(layer.outputShape);
  const table = p.table(windowTable(layer));
  const [kernel, bias] = [placed(p, layer.kernel), placed(p, layer.bias)];
  const activation = activated(p, outputSize);
  return {
    forward(rows) {
      kernels.depthwise(rows, table, input, kernel.at, columns, activation.linear, bias.at);
      activation.forward(rows, false);
    },
    backward(rows, error, [target]) {
      activation.backward(rows, error);
      kernels.depthwiseKernelGradient(rows, table, input, error, columns, kernel.gradient);
      if (bias.at) kernels.columnSums((rows * outputSize) / wide, wide, error, bias.gradient);
      if (target) kernels.depthwiseInputGradient(rows, table, error, kernel.at, columns, target);
    },
  };
}

export function pool2dOperation(layer: Pool2dLayer, p: Place): Operation {
  const { kernels, inputs: [input = 0], output, kept: [largest = 0] } = p;
  const table = p.table(windowTable(layer));
  const max = layer.how === "max";
  return {
    forward(rows) {
      if (max) kernels.maxPool2d(rows, table, input, output, largest);
      else kernels.averagePool2d(rows, table, input, output);
    },
    backward(rows, error, [target]) {
      if (!target) return;
      if (max) kernels.maxPool2dGradient(rows, table, largest, error, target);
      else kernels.averagePool2dGradient(rows, table, error, target);
    },
  };
}
