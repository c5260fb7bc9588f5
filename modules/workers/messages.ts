/** Messages of `workers`. The ante handler has authenticated `worker`. A look-up costs least, so it comes first. */
import { updateParams } from "#kernel/authority.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { View } from "#kernel/store.js";
import type { WorkersMsg } from "#proto/gen/pouw/workers/v1/tx.js";
import { workersErrors } from "./errors.js";
import type { WorkersWriter } from "./keeper.js";
import { params } from "./params.js";
import { parseAddStake, parseRegisterWorker, parseUnbond, parseUpdateWorker, type WorkersPorts } from "./types.js";

export function workersMessages(ports: WorkersPorts, keeper: WorkersWriter): MsgHandlers<typeof WorkersMsg> {
  const denom = (view: View): string => ports.staking.params(view).bondDenom;
  return {
    registerWorker(ctx, wire) {
      if (keeper.get(ctx, wire.worker)) throw workersErrors.registered(`${wire.worker}: change it with MsgUpdateWorker`);
      const { worker, offer, stake } = parseRegisterWorker(wire, denom(ctx));
      keeper.register(ctx, worker, offer, stake);
      return {};
    },
    updateWorker(ctx, wire) {
      const w = keeper.must(ctx, wire.worker);
      keeper.offer(ctx, w, parseUpdateWorker(wire, denom(ctx)).offer);
      return {};
    },
    addStake(ctx, wire) {
      const w = keeper.must(ctx, wire.worker);
      keeper.addStake(ctx, w, parseAddStake(wire, denom(ctx)).amount);
      return {};
    },
    unbond(ctx, wire) {
      const w = keeper.must(ctx, wire.worker);
      return { height: keeper.unbond(ctx, w, parseUnbond(wire, denom(ctx)).amount) };
    },
    updateParams: updateParams(params),
  };
}
