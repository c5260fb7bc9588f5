/** cosmos.base.node.v1beta1.Service: what the operator has set, and where the node stands. */
import { ServiceService as Service } from "#proto/gen/cosmos/base/node/v1beta1/query.js";
import { type Engine } from "../engine.js";
import { type Method, serviceMethods } from "../methods.js";

export interface NodePorts {
  readonly engine: Engine;
  /** decimal coins for a unit of gas: the chain's price or this node's own, whichever is more */
  readonly gasPrice: () => string;
  readonly keepVersions: number;
  readonly oldest: () => bigint;
  readonly newest: () => bigint;
}

export function nodeMethods({ engine, gasPrice, keepVersions, oldest, newest }: NodePorts): Method[] {
  return serviceMethods(Service, newest, {
    config: () => ({ minimumGasPrice: gasPrice(), pruningKeepRecent: `${keepVersions}`, pruningInterval: "1", haltHeight: 0n }),
    async status() {
      const height = newest();
      const { header } = (await engine.block(Number(height))).block;
      return { earliestStoreHeight: oldest(), height, timestamp: header?.time, appHash: header?.appHash ?? new Uint8Array(0), validatorHash: header?.nextValidatorsHash ?? new Uint8Array(0) };
    },
  });
}
