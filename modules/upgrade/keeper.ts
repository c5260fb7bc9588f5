/** The only writer of plans. What a plan does to the program that meets it is the application's: app/upgrade.ts. */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { done, planned } from "./store.js";
import type { Plan, UpgradeKeeper } from "./types.js";

export interface UpgradeWriter extends UpgradeKeeper {
  /** In place of what is planned. Throws sdk.invalidRequest. */
  schedule(ctx: Context, plan: Plan): void;
  cancel(ctx: Context): void;
}

export const upgradeKeeper = (): UpgradeWriter => {
  const keeper: UpgradeWriter = {
    plan: (view) => planned.get(view),
    last: (view) => done.last(view)?.value,
    doneAt: (view, name) => done.entries(view).find(({ value }) => value.name === name)?.key[0] ?? 0n,
    done(ctx, plan) {
      planned.delete(ctx);
      done.set(ctx, plan, ctx.block.height);
    },
    schedule(ctx, plan) {
      if (plan.name === "") throw sdk.invalidRequest("name cannot be empty");
      if (plan.height <= 0n) throw sdk.invalidRequest("height must be greater than 0");
      if (plan.height < ctx.block.height) throw sdk.invalidRequest("upgrade cannot be scheduled in the past");
      if (keeper.doneAt(ctx, plan.name) !== 0n) throw sdk.invalidRequest(`upgrade with name ${plan.name} has already been completed`);
      planned.set(ctx, plan);
    },
    cancel: (ctx) => planned.delete(ctx),
  };
  return keeper;
};
