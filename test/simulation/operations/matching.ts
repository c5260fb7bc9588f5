/** Who was drawn comes, mostly. */
import { MsgJoinTask, MsgUpdateParams } from "#proto/gen/pouw/matching/v1/tx.js";
import { sessionKey } from "../courses.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

function join(s: Simulation): void {
  const { random } = s;
  const task = random.some(s.courses.open());
  if (!task) return;
  const hash = s.chain.environment.crypto;
  // Some are always late, some never come.
  for (const worker of new Set(s.courses.seats(task.id).filter((seat) => !seat.joined && random.percent(60)).map((seat) => seat.worker))) {
    s.send(MsgJoinTask, { worker, taskId: task.id, sessionKey: random.percent(99) ? sessionKey(hash, worker).key : random.bytes(31), endpoint: random.percent(90) ? "127.0.0.1:4000" : "" });
  }
}

function again(s: Simulation): void {
  const task = s.random.some(s.courses.open());
  const worker = s.random.pick(s.names.workers);
  if (task) s.send(MsgJoinTask, { worker, taskId: task.id, sessionKey: sessionKey(s.chain.environment.crypto, worker).key, endpoint: `10.0.0.${s.random.below(256)}:1` });
}

export const matching: ModuleOperations = {
  operations: [[22, join], [1, again]],
  governed: [
    (s) => encoded(MsgUpdateParams, { authority: s.authority, params: changed(s, s.chain.k.matching.params(s.chain.ctx), { equivocationBounty: () => s.random.between(0, 1_000_001) }) }),
  ],
};
