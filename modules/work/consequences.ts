/** What a decision does: pays, slashes, closes the slot, returns or burns a deposit (protocol section 10, table). */
import type { Context } from "#kernel/context.js";
import { Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { workEvents as events } from "./events.js";
import { codeName, count } from "./jobs.js";
import { params } from "./params.js";
import { rewardOf } from "./retarget.js";
import * as store from "./store.js";
import type { Claim, Job, WorkedSeat, WorkPorts } from "./types.js";

const PPM = 1_000_000n;

/** `job` is closed with this code. */
export function applyDecision(ports: WorkPorts, ctx: Context, job: Job, code: VerdictCode): void {
  const agree = job.verdicts.filter((v) => v.code === code).map((v) => v.validator);
  for (const operator of agree) store.agreeing.set(ctx, (store.agreeing.get(ctx, job.taskId, operator) ?? 0n) + 1n, job.taskId, operator);

  const p = ports.tasks.must(ctx, job.taskId).terms;
  switch (code) {
    case VerdictCode.VERDICT_VALID:
      if (job.kind === "claim") pay(ports, ctx, job, agree);
      else count(ctx, job.taskId, { auditsValid: 1n });
      break;
    case VerdictCode.VERDICT_INVALID:
      convictMiner(ports, ctx, job, code, p.slashInvalid);
      break;
    case VerdictCode.VERDICT_NO_RESIDUAL:
      convictMiner(ports, ctx, job, code, p.slashResidual);
      break;
    case VerdictCode.VERDICT_UNSERVED:
      convictSupervisors(ports, ctx, job, code, p.slashUnavailable);
      break;
    default:
      break; // VOID: nobody is slashed, nothing is paid
  }
  if (job.kind === "claim" && code !== VerdictCode.VERDICT_VALID) count(ctx, job.taskId, { claimsRejected: 1n });
  if (code === VerdictCode.VERDICT_VALID) burnDeposit(ports, ctx, job);
  else returnDeposit(ports, ctx, job);
}

/**
 * Mints the reward. The verifiers' cut ⌊reward · verifiers_cut⌋ goes in equal shares ⌊cut / n⌋ to those whose verdict
 * agrees; the rest, remainders included, is the miner's.
 */
function pay(ports: WorkPorts, ctx: Context, job: Claim, agree: readonly string[]): void {
  const p = params.get(ctx);
  const { id, taskId, slot, seq, miner } = job;
  const t = ports.tasks.must(ctx, taskId);
  const l = store.lottery.get(ctx);
  const reward = rewardOf(p, l.paidClaims, t.mintCap - t.minted);
  count(ctx, taskId, { claimsAccepted: 1n });
  if (reward === 0n) return;

  ports.tasks.noteMinted(ctx, taskId, reward);
  store.lottery.set(ctx, { ...l, paidClaims: l.paidClaims + 1n, windowClaims: l.windowClaims + 1n, idleMs: 0n, minted: l.minted + reward });
  store.jobs.set(ctx, { ...job, reward }, id);
  ports.bank.mint(ctx, "work", reward);

  const cut = (reward * BigInt(t.terms.verifiersCut)) / PPM;
  const each = agree.length > 0 ? cut / BigInt(agree.length) : 0n;
  let left = reward;
  if (each > 0n) {
    for (const operator of agree) {
      ports.distribution.pay(ctx, ports.bank, "work", operator, each);
      left -= each;
    }
  }
  if (left > 0n) ports.bank.fromPool(ctx, "work", miner, left);
  ctx.emit(events.rewardPaid({ job: id, task: taskId, slot, seq, miner, reward, to_miner: left, to_each_verifier: each, verifiers: agree.length }));
}

/** A slot's first conviction closes it; each kind of fault slashes once, and never more than what is left of the seat. */
function convictMiner(ports: WorkPorts, ctx: Context, job: Job, code: VerdictCode, ppm: number): void {
  const slot = ports.supervision.slot(ctx, job.taskId, job.slot);
  const seat = ports.matching.seat(ctx, job.taskId, Role.ROLE_MINER, job.slot);
  if (!slot || !seat) throw new Error(`work: job ${job.id} names slot ${job.slot} of task ${job.taskId}, which is not there`);
  ports.supervision.closeForFault(ctx, job.taskId, job.slot, slot.head?.seq ?? 0n, code);
  if (convictsFirst(ctx, job, code, 0n)) slash(ports, ctx, job, code, seat, ppm);
}

/** Each supervisor that attested the head under which nobody serves the iteration; one head is answered for once. */
function convictSupervisors(ports: WorkPorts, ctx: Context, job: Job, code: VerdictCode, ppm: number): void {
  if (!convictsFirst(ctx, job, code, job.head.seq)) return;
  for (const index of ports.supervision.attesters(ctx, job.taskId, job.slot, job.head)) {
    const seat = ports.matching.seat(ctx, job.taskId, Role.ROLE_SUPERVISOR, index);
    if (seat) slash(ports, ctx, job, code, seat, ppm);
  }
}

/** Notes the conviction; false when another job has convicted the same already. `seq` is the head's, or 0 for a miner's fault. */
function convictsFirst(ctx: Context, { id, taskId, slot }: Job, code: VerdictCode, seq: bigint): boolean {
  if (store.convictions.has(ctx, taskId, slot, code, seq)) return false;
  store.convictions.set(ctx, id, taskId, slot, code, seq);
  return true;
}

function slash(ports: WorkPorts, ctx: Context, job: Job, code: VerdictCode, seat: WorkedSeat, ppm: number): void {
  const amount = ports.matching.slash(ctx, seat, ppm, {});
  ctx.emit(events.slashed({ job: job.id, task: job.taskId, role: seat.role, index: seat.index, worker: seat.worker, code: codeName(code), amount }));
}

function burnDeposit(ports: WorkPorts, ctx: Context, job: Job): void {
  if (job.kind !== "requested_audit" || job.deposit === 0n) return;
  ports.bank.burn(ctx, "work", job.deposit);
  const l = store.lottery.get(ctx);
  store.lottery.set(ctx, { ...l, burned: l.burned + job.deposit });
  ctx.emit(events.depositBurned({ job: job.id, supervisor: job.supervisor, amount: job.deposit }));
}

export function returnDeposit(ports: WorkPorts, ctx: Context, job: Job): void {
  if (job.kind !== "requested_audit" || job.deposit === 0n) return;
  ports.bank.fromPool(ctx, "work", job.supervisor, job.deposit);
  ctx.emit(events.depositReturned({ job: job.id, supervisor: job.supervisor, amount: job.deposit }));
}
