/** What a decision does: pays, slashes, closes the slot, returns or burns a deposit (protocol section 10, table). */
import { type Context, event } from "#kernel/context.js";
import { type Job, JobKind, Role, type Seat, VerdictCode } from "#proto/gen/pouw.js";
import { codeName, count } from "./jobs.js";
import { rewardOf } from "./retarget.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

const PPM = 1_000_000n;

export function applyDecision(ports: WorkPorts, ctx: Context, job: Job): void {
  const agree = job.verdicts.filter((v) => v.code === job.decision).map((v) => v.validator);
  for (const operator of agree) store.agreeing.set(ctx, (store.agreeing.get(ctx, job.taskId, operator) ?? 0n) + 1n, job.taskId, operator);

  const params = ports.params.get(ctx);
  switch (job.decision) {
    case VerdictCode.VERDICT_VALID:
      if (job.kind === JobKind.JOB_CLAIM) pay(ports, ctx, job, agree);
      else count(ctx, job.taskId, { auditsValid: 1n });
      break;
    case VerdictCode.VERDICT_INVALID:
      convictMiner(ports, ctx, job, params.slashInvalid);
      break;
    case VerdictCode.VERDICT_NO_RESIDUAL:
      convictMiner(ports, ctx, job, params.slashResidual);
      break;
    case VerdictCode.VERDICT_UNSERVED:
      convictSupervisors(ports, ctx, job, params.slashUnavailable);
      break;
    default:
      break; // VOID: nobody is slashed, nothing is paid
  }
  if (job.kind === JobKind.JOB_CLAIM && job.decision !== VerdictCode.VERDICT_VALID) count(ctx, job.taskId, { claimsRejected: 1n });
  if (job.decision === VerdictCode.VERDICT_VALID) burnDeposit(ports, ctx, job);
  else returnDeposit(ports, ctx, job);
}

/**
 * Mints the reward. The verifiers' cut ⌊reward · verifiers_cut⌋ goes in equal shares ⌊cut / n⌋ to those whose verdict
 * agrees; the rest, remainders included, is the miner's.
 */
function pay(ports: WorkPorts, ctx: Context, job: Job, agree: readonly string[]): void {
  const params = ports.params.get(ctx);
  const t = ports.tasks.must(ctx, job.taskId);
  const m = store.readMeta(ctx, params.target0);
  const reward = rewardOf(params, m.paidClaims, t.mintCap - t.minted);
  count(ctx, job.taskId, { claimsAccepted: 1n });
  if (reward === 0n) return;

  ports.tasks.set(ctx, { ...t, minted: t.minted + reward });
  store.meta.set(ctx, { ...m, paidClaims: m.paidClaims + 1n, windowClaims: m.windowClaims + 1n, idleMs: 0n, minted: m.minted + reward });
  store.jobs.set(ctx, { ...job, reward }, job.id);
  ports.bank.mint(ctx, "work", reward);

  const cut = (reward * BigInt(params.verifiersCut)) / PPM;
  const each = agree.length > 0 ? cut / BigInt(agree.length) : 0n;
  let left = reward;
  if (each > 0n) {
    for (const operator of agree) {
      ports.bank.fromPool(ctx, "work", operator, each);
      left -= each;
    }
  }
  if (left > 0n) ports.bank.fromPool(ctx, "work", job.submitter, left);
  ctx.emit(event("reward_paid", { job: job.id, task: job.taskId, slot: job.slot, seq: job.seq, miner: job.submitter, reward, to_miner: left, to_each_verifier: each, verifiers: agree.length }));
}

/** A slot's first conviction closes it; each kind of fault slashes once, and never more than what is left of the seat. */
function convictMiner(ports: WorkPorts, ctx: Context, job: Job, ppm: number): void {
  const slot = ports.slots.slot(ctx, job.taskId, job.slot);
  const seat = ports.seats.seat(ctx, job.taskId, Role.ROLE_MINER, job.slot);
  if (!slot || !seat) throw new Error(`work: job ${job.id} names slot ${job.slot} of task ${job.taskId}, which is not there`);
  ports.slots.closeForFault(ctx, job.taskId, job.slot, slot.head?.seq ?? 0n, job.decision);
  slash(ports, ctx, job, seat, ppm, 0n);
}

/** Each supervisor that attested the head under which nobody serves the iteration; one head is answered for once. */
function convictSupervisors(ports: WorkPorts, ctx: Context, job: Job, ppm: number): void {
  if (!job.head) throw new Error(`work: job ${job.id} has no head`);
  const convicted = store.convictions.has(ctx, job.taskId, job.slot, job.decision, job.head.seq);
  if (convicted) return;
  store.convictions.set(ctx, job.id, job.taskId, job.slot, job.decision, job.head.seq);
  for (const index of ports.slots.attesters(ctx, job.taskId, job.slot, job.head)) {
    const seat = ports.seats.seat(ctx, job.taskId, Role.ROLE_SUPERVISOR, index);
    if (seat) slash(ports, ctx, job, seat, ppm);
  }
}

function slash(ports: WorkPorts, ctx: Context, job: Job, seat: Seat, ppm: number, once?: bigint): void {
  if (once !== undefined) {
    if (store.convictions.has(ctx, job.taskId, job.slot, job.decision, once)) return;
    store.convictions.set(ctx, job.id, job.taskId, job.slot, job.decision, once);
  }
  const taken = ports.seats.slash(ctx, seat, ppm, {});
  ctx.emit(event("slashed", { job: job.id, task: job.taskId, role: seat.role, index: seat.index, worker: seat.worker, code: codeName(job.decision), amount: taken }));
}

function burnDeposit(ports: WorkPorts, ctx: Context, job: Job): void {
  if (job.deposit === 0n) return;
  ports.bank.burn(ctx, "work", job.deposit);
  const m = store.readMeta(ctx, ports.params.get(ctx).target0);
  store.meta.set(ctx, { ...m, burned: m.burned + job.deposit });
  ctx.emit(event("deposit_burned", { job: job.id, supervisor: job.submitter, amount: job.deposit }));
}

export function returnDeposit(ports: WorkPorts, ctx: Context, job: Job): void {
  if (job.deposit === 0n) return;
  ports.bank.fromPool(ctx, "work", job.submitter, job.deposit);
  ctx.emit(event("deposit_returned", { job: job.id, supervisor: job.submitter, amount: job.deposit }));
}
