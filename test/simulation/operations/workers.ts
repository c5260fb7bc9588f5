/** Who offers work, with what stake. */
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgAddStake, MsgRegisterWorker, MsgUnbond, MsgUpdateParams, MsgUpdateWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { coin } from "#test/chain/chain.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

const ROLES = [Role.ROLE_MINER, Role.ROLE_SUPERVISOR, Role.ROLE_EVALUATOR];

const offer = ({ random }: Simulation) => ({
  roles: random.percent(70) ? ROLES : [random.pick(ROLES)],
  profiles: [EXACT_PROFILE], memory: 1n << 34n, maxSeats: random.between(1, 4),
  preferences: random.percent(50) ? [] : Array.from({ length: 8 }, () => random.between(0, 100)),
});

/** Those who have registered, or have not. */
const some = (s: Simulation, registered: boolean): string | undefined => s.random.some(s.names.workers.filter((w) => (s.chain.k.workers.get(s.chain.ctx, w) !== undefined) === registered));

function register(s: Simulation): void {
  const worker = some(s, s.random.percent(3));
  if (worker) s.send(MsgRegisterWorker, { worker, ...offer(s), stake: coin(BigInt(s.random.between(100_000, 3_000_000))) });
}

function update(s: Simulation): void {
  const worker = some(s, true);
  if (worker) s.send(MsgUpdateWorker, { worker, ...offer(s) });
}

function add(s: Simulation): void {
  const worker = some(s, true);
  if (worker) s.send(MsgAddStake, { worker, amount: coin(s.random.amount(s.balance(worker) / 50n)) });
}

function unbond(s: Simulation): void {
  const worker = some(s, true);
  const w = worker && s.chain.k.workers.get(s.chain.ctx, worker);
  if (w) s.send(MsgUnbond, { worker, amount: coin(s.random.amount(w.stake - w.locked)) });
}

export const workers: ModuleOperations = {
  operations: [[12, register], [1, update], [3, add], [2, unbond]],
  governed: [
    (s) => {
      const params = changed(s, s.chain.k.workers.params(s.chain.ctx), { minSeatStake: () => BigInt(s.random.between(1, 5_000)), unbondBlocks: () => BigInt(s.random.between(1, 20)) });
      return encoded(MsgUpdateParams, { authority: s.authority, params });
    },
  ],
};
