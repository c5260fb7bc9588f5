/** The task file as the schema lets it through (schema.ts). */
import { type Format } from "../data/readers.js";
import { type LayerSugar } from "./topology.js";

export interface Raw {
  title?: string;
  data: {
    train: string | string[];
    train_labels?: string | string[];
    test: string | number;
    test_labels?: string;
    format: Format;
    header?: boolean;
    label?: number;
    scale?: number;
    seed?: number;
  };
  model: { input: number[]; layers: LayerSugar[] } | { topology: string };
  loss: "softmax_cross_entropy" | "mean_squared_error";
  optimizer: { sgd: { lr: number; schedule?: { epoch: number; lr: number }[] } };
  batch: number;
  epochs: number;
  lag?: number;
  levels?: number;
  profile?: string;
  quantum?: number;
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

/** Names of the property weights, in the protocol's order. */
export const PROPERTIES = ["classification", "regression", "small", "medium", "large", "image", "tabular", "text"];
