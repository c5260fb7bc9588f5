import { type ActivationLayer, type DropoutLayer, type MergeLayer, sizeOf } from "#engine/topology/index.js";
import { nth, type Operation, type Place } from "./types.js";

export function activationOperation(layer: ActivationLayer, { kernels, activation, inputs: [input = 0], output }: Place): Operation {
  const size = sizeOf(layer.outputShape);
  return {
    forward(rows) {
      if (activation > 0) kernels.activate(activation, rows * size, input, output, layer.slope);
      else kernels.copyRows(1, rows * size, input, 0, output, 0);
    },
    backward(rows, error, [target]) {
      if (!target) return;
      if (activation > 0) kernels.activationGradient(activation, rows * size, input, output, error, target, layer.slope);
      else kernels.copyRows(1, rows * size, error, 0, target, 0);
    },
  };
}

export function mergeOperation(layer: MergeLayer, { kernels, inputs, output }: Place): Operation {
  const size = sizeOf(layer.outputShape);
  const [first = 0, second = 0, ...others] = inputs;
  if (layer.how === "add") {
    return {
      forward(rows) {
        kernels.add(rows * size, first, second, output);
        for (const x of others) kernels.add(rows * size, output, x, output);
      },
      backward(rows, error, targets) {
        for (const target of targets) if (target) kernels.copyRows(1, rows * size, error, 0, target, 0);
      },
    };
  }
  if (layer.how === "multiply") {
    return {
      forward(rows) {
        kernels.multiply(rows * size, first, second, output);
        for (const x of others) kernels.multiply(rows * size, output, x, output);
      },
      /** The error times all other inputs, in their order. */
      backward(rows, error, targets) {
        targets.forEach((target, i) => {
          if (!target) return;
          let from = error;
          inputs.forEach((x, j) => {
            if (j === i) return;
            kernels.multiply(rows * size, from, x, target);
            from = target;
          });
        });
      },
    };
  }
  const width = layer.widths.reduce((a, b) => a + b);
  const begins = layer.widths.map((_, i) => layer.widths.slice(0, i).reduce((a, b) => a + b, 0));
  return {
    forward(rows) {
      const count = (rows * size) / width;
      layer.widths.forEach((w, i) => kernels.copyRows(count, w, nth(inputs, i), w, output + nth(begins, i) * 4, width));
    },
    backward(rows, error, targets) {
      const count = (rows * size) / width;
      layer.widths.forEach((w, i) => {
        const target = nth(targets, i);
        if (target) kernels.copyRows(count, w, error + nth(begins, i) * 4, width, target, w);
      });
    },
  };
}

export function dropoutOperation(layer: DropoutLayer, { kernels, inputs: [input = 0], output, kept: [mask = 0], seed }: Place): Operation {
  const size = sizeOf(layer.outputShape);
  const threshold = Math.floor(layer.rate * 2 ** 32);
  const keep = Math.fround(1 / (1 - layer.rate));
  return {
    forward(rows, training) {
      if (training) kernels.dropout(rows * size, seed, layer.ordinal, threshold, keep, input, mask, output);
      else kernels.copyRows(1, rows * size, input, 0, output, 0);
    },
    backward(rows, error, [target]) {
      if (target) kernels.multiply(rows * size, error, mask, target);
    },
  };
}
