/** The task file as the schema lets it through (schema.ts). */
import { type Normalise } from "../data/encode.js";
import { type Format } from "../data/options.js";
import { type Separator } from "../data/separators.js";
import { type LayerSugar } from "./topology.js";

export interface Raw {
  title?: string;
  data: {
    train: string | string[];
    train_labels?: string | string[];
    test: string | number;
    test_labels?: string;
    test_rows?: number;
    validation?: number;
    format: Format;
    header?: boolean;
    separator?: Separator;
    label?: number | string;
    one_hot?: (string | number)[] | boolean;
    scale?: number;
    normalise?: Normalise;
    window?: number;
    stride?: number;
    seed?: number;
  };
  model: { input: number[]; layers: LayerSugar[] } | { topology: string };
  loss: (typeof LOSSES)[number];
  optimizer: { sgd: RawOptimizer } | { momentum: RawOptimizer } | { adam: RawOptimizer };
  batch: number;
  epochs: number;
  lag?: number;
  levels?: number;
  profile?: string;
  /** of the weights that no group of `quanta` holds, as `levels` */
  quantum?: number | string;
  quanta?: { tensors: string | string[]; quantum: number | string; levels?: number }[];
  slots: number;
  supervisors?: number;
  evaluators?: number;
  fee: string | number;
  bond?: string | number;
  training_blocks?: number;
  data_blocks?: number;
  run_ahead?: number;
  properties?: Record<string, number>;
}

/** In the order of their numbers on the chain, from 1. */
export const LOSSES = ["softmax_cross_entropy", "mean_squared_error", "binary_cross_entropy", "mean_absolute_error", "huber"] as const;

/** All that any kind of optimizer is told; the schema says which of them have which. */
export interface RawOptimizer {
  lr: number;
  schedule?: { epoch: number; lr: number }[];
  weight_decay?: number;
  clip_norm?: number;
  momentum?: number;
  nesterov?: boolean;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** Names of the property weights, in the protocol's order. */
export const PROPERTIES = ["classification", "regression", "small", "medium", "large", "image", "tabular", "text"];
