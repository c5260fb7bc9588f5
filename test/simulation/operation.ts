/** What a module's file of operations hands in. */
import type { EncodedMessage } from "#kernel/services.js";
import type { Codec } from "#proto/wire.js";
import type { Operations, Simulation } from "./simulation.js";

export interface ModuleOperations {
  readonly operations: Operations;
  /** messages of governance, as proposals may hold them */
  readonly governed?: readonly ((s: Simulation) => EncodedMessage)[];
}

export const encoded = <M>(codec: Codec<M>, message: Partial<M>): EncodedMessage => ({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(message)) });
