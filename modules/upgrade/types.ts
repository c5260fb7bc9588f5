/** What `upgrade` keeps, needs and offers. */
import type { Context } from "#kernel/context.js";
import type { View } from "#kernel/store.js";

/** When the chain goes on with another program. */
export interface Plan {
  /** that the new program knows it by */
  readonly name: string;
  /** of the new program's first block */
  readonly height: bigint;
  readonly info: string;
}

export interface UpgradePorts {
  /** module → version of its state, ascending by name; the application keeps them */
  readonly versions: (view: View) => ReadonlyMap<string, number>;
}

export interface UpgradeKeeper {
  plan(view: View): Plan | undefined;
  /** The upgrade that was applied last. */
  last(view: View): Plan | undefined;
  /** Height at which an upgrade was applied; 0: never. */
  doneAt(view: View, name: string): bigint;
  /** The plan is done in this block. The application calls it where it runs the migrations. */
  done(ctx: Context, plan: Plan): void;
}
