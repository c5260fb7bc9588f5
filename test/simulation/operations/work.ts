/** Miners claim what they may have won. */
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgSubmitWork, MsgUpdateParams } from "#proto/gen/pouw/work/v1/tx.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

function claim(s: Simulation): void {
  const { random, chain } = s;
  const task = random.some(s.courses.open(Phase.PHASE_TRAINING, Phase.PHASE_SUBMISSION, Phase.PHASE_SETTLING));
  const slot = task && random.some(chain.k.supervision.slots(chain.ctx, task.id));
  const log = slot && s.courses.of(task.id, slot.slot)?.log;
  const seat = slot && chain.k.matching.seat(chain.ctx, task.id, Role.ROLE_MINER, slot.slot);
  if (!slot?.head || !log || !seat) return;
  const drawn = chain.k.supervision.anchors(chain.ctx, task.id, slot.slot).filter((a) => a.height + task.terms.drawDelay < chain.height);
  const newest = random.percent(95) ? drawn.at(-1) : slot.head;
  if (!newest) return;
  const seq = random.between(Math.max(1, Number(newest.seq) - 12), Number(newest.seq));
  const head = Number(chain.k.supervision.firstAtOrAbove(chain.ctx, task.id, slot.slot, BigInt(seq))?.seq ?? newest.seq);
  s.send(MsgSubmitWork, { miner: seat.worker, taskId: task.id, slot: slot.slot, header: log.bytes(seq), headHeader: log.bytes(head), proof: log.proof(seq, head) });
}

export const work: ModuleOperations = {
  operations: [[16, claim]],
  governed: [
    (s) => {
      const { random } = s;
      const params = changed(s, s.chain.k.work.params(s.chain.ctx), {
        drawDelay: () => BigInt(random.between(1, 4)), claimWindow: () => BigInt(random.between(3, 10)), verdictWindow: () => BigInt(random.between(4, 10)), auditPpm: () => random.between(0, 500_000), maxAudits: () => random.between(1, 128),
        maxOpenJobs: () => random.between(1, 64), retargetClaims: () => BigInt(random.between(1, 20)), reward0: () => BigInt(random.between(0, 10_000)), halvingInterval: () => BigInt(random.between(50, 500)), verifiersCut: () => random.between(0, 1_000_000),
        slashInvalid: () => random.between(0, 1_000_000), targetSpacingMs: () => BigInt(random.between(500, 20_000)),
      });
      return encoded(MsgUpdateParams, { authority: s.authority, params });
    },
  ],
};
