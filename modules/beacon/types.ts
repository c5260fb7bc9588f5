/** What `beacon` needs of other modules, and what it offers. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";
import type { Params, Validator } from "#proto/gen/pouw.js";

export interface BeaconPorts {
  readonly params: { get(ctx: View): Params };
  readonly validators: {
    all(ctx: View): Validator[];
    byOperator(ctx: View, address: string): Validator | undefined;
    set(ctx: Context, v: Validator): void;
  };
}

export interface BeaconKeeper {
  /** beacon(height); undefined when it was pruned or lies ahead. */
  at(ctx: View, height: bigint): Uint8Array | undefined;
  /** The newest value. In committed state of block h it is beacon(h), which block h+1's proposer signs. */
  latest(ctx: View): { height: bigint; value: Uint8Array };
}
