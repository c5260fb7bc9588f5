/** Supervisors confirm data, attest heads, ask for audits; somebody finds a miner that signed two histories. */
import { MsgAnchorLog, MsgConfirmData, MsgReportEquivocation, MsgRequestAudit, MsgUpdateParams } from "#proto/gen/pouw/supervision/v1/tx.js";
import type { HeadAttestation } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { Task } from "../courses.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

const LOGGED = [Phase.PHASE_TRAINING, Phase.PHASE_SUBMISSION, Phase.PHASE_SETTLING];

const supervisorsOf = (s: Simulation, t: Task): string[] => [...new Set(s.courses.seats(t.id, Role.ROLE_SUPERVISOR).filter((seat) => seat.joined).map((seat) => seat.worker))];

function confirm(s: Simulation): void {
  const task = s.random.some(s.courses.open(Phase.PHASE_INITIALISATION));
  if (!task) return;
  for (const supervisor of supervisorsOf(s, task)) if (s.random.percent(70)) s.send(MsgConfirmData, { supervisor, taskId: task.id });
}

function anchor(s: Simulation): void {
  const { random } = s;
  const task = random.some(s.courses.open(...(random.percent(90) ? [Phase.PHASE_TRAINING] : LOGGED)));
  if (!task) return;
  for (const supervisor of supervisorsOf(s, task)) {
    if (!random.percent(75)) continue;
    const heads: HeadAttestation[] = [];
    const seen: HeadAttestation[] = [];
    for (const { slot, head, positions } of s.chain.k.supervision.slots(s.chain.ctx, task.id)) {
      const written = s.courses.of(task.id, slot);
      if (!written || written.seq === 0 || written.seq === Number(head?.seq ?? 0n) || random.percent(10)) continue;
      if (random.percent(1)) heads.push(written.log.head(Number(positions) + 1));
      // A supervisor was shown another history, or says another one later.
      else if (random.percent(2)) heads.push(written.log.fork(1).head(written.seq));
      else if (random.percent(90)) heads.push(written.log.head(written.seq));
      else seen.push(written.log.seen(written.seq));
    }
    s.send(MsgAnchorLog, { supervisor, taskId: task.id, heads, seen });
  }
}

function audit(s: Simulation): void {
  const { random } = s;
  const task = random.some(s.courses.open(...LOGGED));
  const slot = task && random.some(s.chain.k.supervision.slots(s.chain.ctx, task.id));
  if (!slot) return;
  const supervisor = random.some(supervisorsOf(s, task));
  if (supervisor) s.send(MsgRequestAudit, { supervisor, taskId: task.id, slot: slot.slot, seq: BigInt(random.between(1, Number(slot.head?.seq ?? 0n) + 1)) });
}

function report(s: Simulation): void {
  const { random } = s;
  const task = random.some(s.courses.open(...LOGGED, Phase.PHASE_EVALUATION));
  const slot = task && random.some(s.chain.k.supervision.slots(s.chain.ctx, task.id));
  const log = slot && s.courses.of(task.id, slot.slot)?.log;
  if (!log) return;
  const seq = random.between(1, Number(slot.positions));
  const [first, second] = [log.signed(seq), random.percent(80) ? log.fork(1).signed(seq) : log.signed(seq)];
  s.send(MsgReportEquivocation, { reporter: random.pick(s.names.accounts), taskId: task.id, slot: slot.slot, first, second });
}

export const supervision: ModuleOperations = {
  operations: [[10, confirm], [22, anchor], [4, audit], [1, report]],
  governed: [
    (s) => {
      const { random } = s;
      const params = changed(s, s.chain.k.supervision.params(s.chain.ctx), {
        anchorInterval: () => BigInt(random.between(1, 4)), stallBlocks: () => BigInt(random.between(5, 15)), supervisorStallBlocks: () => BigInt(random.between(4, 15)), slashStall: () => random.between(0, 200_000),
        slashEquivocation: () => random.between(0, 1_000_000), auditDeposit: () => random.between(0, 100_000), auditRequestWindow: () => BigInt(random.between(0, 20)),
      });
      return encoded(MsgUpdateParams, { authority: s.authority, params });
    },
  ],
};
