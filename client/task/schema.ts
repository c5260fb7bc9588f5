/** JSON Schema of the task file: what `pouwd task submit` accepts. */
import { PROFILES } from "#protocol/tasks/profiles.js";
import { FORMATS } from "../data/options.js";
import { SEPARATORS } from "../data/separators.js";
import { LOSSES, PROPERTIES } from "./raw.js";

const path = { type: "string", minLength: 1 };
const paths = { type: ["string", "array"], items: path, minItems: 1, minLength: 1 };
// above any bound of the chain, which has the last word
const positive = { type: "integer", minimum: 1, maximum: 2 ** 31 - 1 };
const lr = { type: "number", exclusiveMinimum: 0 };
const money = { type: ["string", "number"] };

const part = { type: "number", minimum: 0, exclusiveMaximum: 1 };
const schedule = { type: "array", items: { type: "object", additionalProperties: false, required: ["epoch", "lr"], properties: { epoch: positive, lr } } };
const optimizer = (own: object) => ({
  type: "object",
  additionalProperties: false,
  required: ["lr"],
  properties: { lr, schedule, weight_decay: { type: "number", minimum: 0, maximum: 1 }, clip_norm: { type: "number", minimum: 0 }, ...own },
});

/** A power of two, as a number or written 2^-8. */
const quantum = { type: ["number", "string"], exclusiveMinimum: 0, minLength: 1 } as const;

export const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["data", "model", "loss", "optimizer", "batch", "epochs", "slots", "fee"],
  properties: {
    title: { type: "string", maxLength: 200 },
    data: {
      type: "object",
      additionalProperties: false,
      required: ["train", "test", "format"],
      properties: {
        train: paths,
        train_labels: paths,
        test: { type: ["string", "integer"], minimum: 1, minLength: 1 },
        test_labels: path,
        test_rows: positive,
        validation: { type: "integer", minimum: 0, maximum: 2 ** 31 - 1 },
        format: { type: "string", enum: FORMATS },
        header: { type: "boolean" },
        separator: { type: "string", enum: SEPARATORS },
        label: { type: ["integer", "string"], minLength: 1, description: "a column, by its name or its number: 0 is the first, -1 the last" },
        one_hot: { type: ["array", "boolean"], items: { type: ["string", "integer"], minLength: 1 }, minItems: 1 },
        scale: { type: "number" },
        normalise: { type: "string", enum: ["standard", "min_max"] },
        window: positive,
        stride: positive,
        seed: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      },
    },
    model: {
      type: "object",
      additionalProperties: false,
      properties: {
        topology: path,
        input: { type: "array", items: positive, minItems: 1 },
        layers: {
          type: "array",
          minItems: 1,
          items: { type: ["object", "string"], minProperties: 1, maxProperties: 1 },
        },
      },
      if: { not: { required: ["topology"] } },
      // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword
      then: { required: ["input", "layers"] },
    },
    loss: { type: "string", enum: LOSSES },
    optimizer: {
      type: "object",
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: {
        sgd: optimizer({}),
        momentum: optimizer({ momentum: part, nesterov: { type: "boolean" } }),
        adam: optimizer({ beta1: part, beta2: part, epsilon: { type: "number", exclusiveMinimum: 0, maximum: 1 } }),
      },
    },
    metrics: { type: "array", items: { type: "string", enum: ["accuracy"] } },
    batch: positive,
    epochs: positive,
    lag: { type: "integer", minimum: 1, maximum: 16 },
    levels: positive,
    profile: { type: "string", enum: PROFILES },
    quantum,
    quanta: {
      type: "array",
      description: "a list of groups such as [{ tensors: weights, quantum: 2^-8 }]",
      minItems: 1,
      maxItems: 16,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["tensors", "quantum"],
        properties: { tensors: { type: ["string", "array"], items: { type: "string", minLength: 1 }, minItems: 1, minLength: 1 }, quantum, levels: positive },
      },
    },
    slots: { type: "integer", minimum: 1, maximum: 1024 },
    supervisors: positive,
    evaluators: positive,
    fee: money,
    bond: money,
    training_blocks: positive,
    data_blocks: positive,
    run_ahead: positive,
    properties: { type: "object", additionalProperties: false, properties: Object.fromEntries(PROPERTIES.map((name) => [name, { type: "integer", minimum: 0, maximum: 100 }])) },
  },
} as const;
