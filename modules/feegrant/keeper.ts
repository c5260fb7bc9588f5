/**
 * Who pays whose fees: x/feegrant/keeper of the Cosmos SDK. The only writer of grants.
 *
 * Invariant kept here: a grant that ends stands in the queue at the instant at which it ends, and nothing else stands there.
 * The SDK leaves a revoked grant's place in the queue, by which the next grant between the two would end too early.
 */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { View } from "#kernel/store.js";
import { type Allowance, readAllowance } from "./allowances/index.js";
import { feegrantErrors } from "./errors.js";
import { feegrantEvents } from "./events.js";
import { grants, queue } from "./store.js";
import type { FeegrantKeeper, FeegrantPorts } from "./types.js";

export interface FeegrantWriter extends FeegrantKeeper {
  /** Undefined where nothing is granted. What is there may have expired. */
  allowance(view: View, granter: string, grantee: string): Allowance | undefined;
  /** Throws where there is one already, or where it would have expired. */
  grant(ctx: Context, granter: string, grantee: string, allowance: Allowance): void;
  /** Throws where there is none. */
  revoke(ctx: Context, granter: string, grantee: string): void;
  /** Removes what expired before this block, at most so many. */
  prune(ctx: Context, limit: number): void;
}

export function feegrantKeeper(ports: FeegrantPorts): FeegrantWriter {
  const must = (view: View, granter: string, grantee: string): Allowance => {
    const allowance = keeper.allowance(view, granter, grantee);
    if (!allowance) throw sdk.notFound("fee-grant not found");
    return allowance;
  };
  const put = (ctx: Context, granter: string, grantee: string, allowance: Allowance): void => grants.set(ctx, { granter, grantee, allowance: allowance.encode() }, grantee, granter);

  const keeper: FeegrantWriter = {
    allowance(view, granter, grantee) {
      const grant = grants.get(view, grantee, granter);
      if (!grant) return undefined;
      if (!grant.allowance) throw feegrantErrors.noAllowance("failed to get allowance");
      return readAllowance(grant.allowance);
    },
    grant(ctx, granter, grantee, allowance) {
      if (grants.get(ctx, grantee, granter)) throw sdk.invalidRequest("fee allowance already exists");
      ports.auth.ensure(ctx, grantee);
      const { expiresNs } = allowance;
      if (expiresNs !== undefined && expiresNs < ctx.block.timeNs) throw sdk.invalidRequest("expiration is before current block time");
      if (expiresNs !== undefined) queue.add(ctx, expiresNs, grantee, granter);
      put(ctx, granter, grantee, allowance);
      ctx.emit(feegrantEvents.set({ granter, grantee }));
    },
    revoke(ctx, granter, grantee) {
      const { expiresNs } = must(ctx, granter, grantee);
      grants.delete(ctx, grantee, granter);
      if (expiresNs !== undefined) queue.delete(ctx, expiresNs, grantee, granter);
      ctx.emit(feegrantEvents.revoked({ granter, grantee }));
    },
    use(ctx, { granter, grantee, fee, messages }) {
      const left = must(ctx, granter, grantee).accept(ctx, { coins: fee, messages });
      if (!left) keeper.revoke(ctx, granter, grantee);
      ctx.emit(feegrantEvents.used({ granter, grantee }));
      if (!left) return;
      // read once more, as in the SDK, where that costs gas too
      must(ctx, granter, grantee);
      put(ctx, granter, grantee, left);
      ctx.emit(feegrantEvents.updated({ granter, grantee }));
    },
    prune(ctx, limit) {
      // an instant ends what is before it, not at it
      for (const [ns, grantee, granter] of queue.keys(ctx, { below: [ctx.block.timeNs], limit })) {
        queue.delete(ctx, ns, grantee, granter);
        grants.delete(ctx, grantee, granter);
      }
    },
  };
  return keeper;
}
