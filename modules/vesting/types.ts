/** What `vesting` needs of others; it keeps nothing itself. */
import { type CoinBank } from "#kernel/accounts.js";
import { type Amount } from "#kernel/coin-list.js";
import { type Context } from "#kernel/context.js";
import { type View } from "#kernel/store.js";

export interface Period {
  /** seconds */
  readonly length: bigint;
  readonly amount: readonly Amount[];
}

/** How coins come free; times are seconds since 1970. */
export type Schedule = { readonly kind: "continuous"; readonly startTime: bigint } | { readonly kind: "periodic"; readonly startTime: bigint; readonly periods: readonly Period[] } | { readonly kind: "delayed" } | { readonly kind: "permanent" };

export interface VestingPorts {
  readonly auth: {
    has(view: View, address: string): boolean;
    /** Throws sdk.invalidRequest. */
    createVesting(ctx: Context, address: string, original: readonly Amount[], endTime: bigint, schedule: Schedule): unknown;
  };
  readonly bank: Pick<CoinBank<readonly []>, "transfer" | "checkEnabled" | "checkReceiver">;
}
