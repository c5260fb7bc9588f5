/** The operation of every kind of layer that computes. */
import type { LayerPlan } from "#engine/topology/index.js";
import { denseOperation } from "./dense.js";
import { activationOperation, dropoutOperation, mergeOperation } from "./elements.js";
import { conv2dOperation, depthwiseOperation, pool2dOperation } from "./images.js";
import { batchNormOperation, layerNormOperation } from "./normal.js";
import { gruOperation, lstmOperation } from "./recurrent.js";
import { attentionOperation, embeddingOperation, positionOperation } from "./sequences.js";
import type { Operation, Place } from "./types.js";

export type { Operation, Place } from "./types.js";

export function operationOf(layer: Exclude<LayerPlan, { kind: "shape" }>, place: Place): Operation {
  switch (layer.kind) {
    case "dense": return denseOperation(layer, place);
    case "activation": return activationOperation(layer, place);
    case "conv2d": return conv2dOperation(layer, place);
    case "depthwise": return depthwiseOperation(layer, place);
    case "pool2d": return pool2dOperation(layer, place);
    case "merge": return mergeOperation(layer, place);
    case "dropout": return dropoutOperation(layer, place);
    case "embedding": return embeddingOperation(layer, place);
    case "position": return positionOperation(layer, place);
    case "layerNorm": return layerNormOperation(layer, place);
    case "batchNorm": return batchNormOperation(layer, place);
    case "gru": return gruOperation(layer, place);
    case "lstm": return lstmOperation(layer, place);
    case "attention": return attentionOperation(layer, place);
  }
}
