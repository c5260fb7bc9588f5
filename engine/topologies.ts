/** Topologies written short, and the models that machines are measured on. */

export interface LayerShorthand {
  units: number;
  activation?: string;
  use_bias?: boolean;
}

export function denseTopology(inputs: number, ...layers: LayerShorthand[]): string {
  return JSON.stringify({
    class_name: "Sequential",
    config: { layers: layers.map((config, i) => ({ class_name: "Dense", config: { name: `dense_${i}`, ...(i === 0 ? { batch_input_shape: [null, inputs] } : {}), ...config } })) },
  });
}

export type Layer = readonly [className: string, config: Readonly<Record<string, unknown>>, call?: Readonly<Record<string, unknown>>];
/** A layer of a graph: its name, what it is, and the names of what it reads; "in" is the input. */
export type GraphLayer = readonly [name: string, layer: Layer, ...from: string[]];

/** A Sequential model of any layers. */
export function topologyOf(input: readonly number[], ...layers: readonly Layer[]): string {
  return JSON.stringify({
    class_name: "Sequential",
    config: { layers: layers.map(([class_name, config], i) => ({ class_name, config: { name: `${class_name.toLowerCase()}_${i}`, ...(i === 0 ? { batch_input_shape: [null, ...input] } : {}), ...config } })) },
  });
}

/** A functional model; its last layer is the output. */
export function graphOf(input: readonly number[], ...layers: readonly GraphLayer[]): string {
  const written = layers.map(([name, [class_name, config, call = {}], ...from]) => ({ class_name, name, config: { name, ...config }, inbound_nodes: [from.map((f) => [f, 0, 0, call])] }));
  const first = { class_name: "InputLayer", name: "in", config: { name: "in", batch_input_shape: [null, ...input] }, inbound_nodes: [] };
  return JSON.stringify({ class_name: "Functional", config: { name: "graph", layers: [first, ...written], input_layers: [["in", 0, 0]], output_layers: [[layers.at(-1)?.[0], 0, 0]] } });
}

/** LeNet-5 on 28 × 28 images: 61,706 parameters. */
export const LENET = topologyOf(
  [28, 28, 1],
  ["Conv2D", { filters: 6, kernel_size: 5, padding: "same", activation: "relu" }],
  ["MaxPooling2D", { pool_size: 2 }],
  ["Conv2D", { filters: 16, kernel_size: 5, activation: "relu" }],
  ["MaxPooling2D", { pool_size: 2 }],
  ["Flatten", {}],
  ["Dense", { units: 120, activation: "relu" }],
  ["Dense", { units: 84, activation: "relu" }],
  ["Dense", { units: 10, activation: "softmax" }],
);

/** A GRU over embedded characters: what comes next? */
export const GRU = topologyOf([32], ["Embedding", { input_dim: 64, output_dim: 32 }], ["GRU", { units: 128, recurrent_activation: "sigmoid" }], ["Dense", { units: 64, activation: "softmax" }]);

/** Two blocks of attention and a feed-forward part, each normalised before and added to what came in. */
export function transformer({ length, vocabulary, width, heads, blocks, dropout = 0 }: { length: number; vocabulary: number; width: number; heads: number; blocks: number; dropout?: number }): string {
  const layers: GraphLayer[] = [
    ["tokens", ["Embedding", { input_dim: vocabulary, output_dim: width }], "in"],
    ["positions", ["PositionEmbedding", { sequence_length: length }], "tokens"],
    ["x0", ["Add", {}], "tokens", "positions"],
  ];
  for (let i = 1; i <= blocks; i++) {
    const x = `x${i - 1}`;
    const last = dropout > 0 ? `drop${i}` : `feed${i}`;
    layers.push(
      [`norm${i}a`, ["LayerNormalization", { epsilon: 1e-5 }], x],
      [`attend${i}`, ["MultiHeadAttention", { num_heads: heads, key_dim: width / heads }, { use_causal_mask: true }], `norm${i}a`],
      [`y${i}`, ["Add", {}], x, `attend${i}`],
      [`norm${i}b`, ["LayerNormalization", { epsilon: 1e-5 }], `y${i}`],
      [`wide${i}`, ["Dense", { units: 4 * width, activation: "gelu" }], `norm${i}b`],
      [`feed${i}`, ["Dense", { units: width }], `wide${i}`],
      ...(dropout > 0 ? [[last, ["Dropout", { rate: dropout }], `feed${i}`] as const] : []),
      [`x${i}`, ["Add", {}], `y${i}`, last],
    );
  }
  return graphOf([length], ...layers, ["norm", ["LayerNormalization", { epsilon: 1e-5 }], `x${blocks}`], ["pool", ["GlobalAveragePooling1D", {}], "norm"], ["out", ["Dense", { units: vocabulary, activation: "softmax" }], "pool"]);
}

export const TRANSFORMER = transformer({ length: 32, vocabulary: 64, width: 64, heads: 4, blocks: 2 });
