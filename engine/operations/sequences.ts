import type { AttentionLayer, EmbeddingLayer, PositionLayer } from "#engine/topology/index.js";
import { nth, type Operation, type Place, placed } from "./types.js";

export function embeddingOperation(layer: EmbeddingLayer, p: Place): Operation {
  const { kernels, inputs: [input = 0], output } = p;
  const { length, vocabulary, width } = layer;
  const { at, gradient } = placed(p, layer.table);
  return {
    forward: (rows) => kernels.embed(rows * length, width, input, at, output),
    backward: (rows, error) => kernels.embedGradient(rows * length, vocabulary, width, input, error, gradient),
  };
}

export function positionOperation(layer: PositionLayer, p: Place): Operation {
  const { kernels, output } = p;
  const size = layer.length * layer.width;
  const { at, gradient } = placed(p, layer.table);
  return {
    forward: (rows) => kernels.copyRows(rows, size, at, 0, output, size),
    backward: (rows, error) => kernels.columnSums(rows, size, error, gradient),
  };
}

export function attentionOperation(layer: AttentionLayer, p: Place): Operation {
  const { kernels, columns, inputs: [input = 0], output } = p;
  const { length, width, heads, keyWidth, valueWidth } = layer;
  const packed = nth(p.packed, 0);
  const factor = Math.fround(1 / Math.sqrt(keyWidth));
  const [q, k, v, weights, mixed, dq, dk, dv, dmixed] = p.kept as [number, number, number, number, number, number, number, number, number];
  const projections = [
    { layer: layer.query, at: q, error: dq, wide: heads * keyWidth },
    { layer: layer.key, at: k, error: dk, wide: heads * keyWidth },
    { layer: layer.value, at: v, error: dv, wide: heads * valueWidth },
  ].map((x) => ({ ...x, kernel: placed(p, x.layer.kernel), bias: placed(p, x.layer.bias) }));
  const V = heads * valueWidth;
  const out = { kernel: placed(p, layer.output.kernel), bias: placed(p, layer.output.bias) };
  return {
    forward(batch) {
      const rows = batch * length;
      for (const { at, wide, kernel, bias } of projections) {
        kernels.pack(width, wide, kernel.at, wide, 1, packed);
        kernels.gemm(rows, wide, width, input, width, 1, packed, at, bias.at, 0);
      }
      kernels.attention(batch, length, heads, keyWidth, valueWidth, q, k, v, factor, layer.causal ? 1 : 0, packed, weights, mixed);
      kernels.pack(V, width, out.kernel.at, width, 1, packed);
      kernels.gemm(rows, width, V, mixed, V, 1, packed, output, out.bias.at, 0);
    },
    backward(batch, error, [target]) {
      const rows = batch * length;
      kernels.pack(rows, width, error, width, 1, packed);
      kernels.gemm(V, width, rows, mixed, 1, V, packed, out.kernel.gradient, 0, 0);
      if (out.bias.at) kernels.columnSums(rows, width, error, out.bias.gradient);
      kernels.pack(width, V, out.kernel.at, 1, width, packed);
      kernels.gemm(rows, V, width, error, width, 1, packed, dmixed, 0, 0);
      kernels.attentionGradient(batch, length, heads, keyWidth, valueWidth, q, k, v, factor, packed, columns, weights, dmixed, dq, dk, dv);
      projections.forEach(({ error: d, wide, kernel, bias }, i) => {
        kernels.pack(rows, wide, d, wide, 1, packed);
        kernels.gemm(width, wide, rows, input, 1, width, packed, kernel.gradient, 0, 0);
        if (bias.at) kernels.columnSums(rows, wide, d, bias.gradient);
        if (!target) return;
        kernels.pack(wide, width, kernel.at, 1, wide, packed);
        // query, then key, then value: one chain.
        kernels.product(rows, width, wide, d, wide, 1, packed, target, width, 0, 0, i > 0 ? 1 : 0);
      });
    },
  };
}
