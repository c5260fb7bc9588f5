/**
 * The state of `work` as readable records. What follows from the jobs is made from them again: which are open, claims and
 * audits by iteration, convictions, and how many verdicts agree with their decision.
 *
 * What cannot be is refused with its path: what is named twice, jobs of slots that are not there, jobs beyond the next id,
 * deposits that the pool does not hold.
 */
import { equalBytes, toBigInt } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import { defineGenesis, type Genesis, inside, strayField, within } from "#kernel/genesis.js";
import { u256Value } from "#kernel/store.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { GenesisState } from "#proto/gen/pouw/work/v1/genesis.js";
import { type Params, type Lottery as WireLottery, Job as WireJob, WorkTotals } from "#proto/gen/pouw/work/v1/types.js";
import { headerHash } from "#protocol/log/header.js";
import { openDeposits } from "./invariants.js";
import { claimsIn, noteOpen, totalsOf } from "./jobs.js";
import { params } from "./params.js";
import { firstLottery, parseAnchoredWork, parseLottery, TARGET_BYTES, wireAnchoredWork, wireLottery } from "./records.js";
import * as store from "./store.js";
import { type Job, parseJob, wireJob, type WorkPorts } from "./types.js";

export const workGenesis = (ports: WorkPorts): Genesis =>
  defineGenesis("work", {
    codec: GenesisState,
    params,
    init: (ctx, state, at) => load(ports, ctx, state, at),
    export: (view) => ({
      lottery: wireLottery(store.lottery.get(view)),
      nextJob: store.counters.get(view).nextId,
      jobs: store.jobs.list(view).map(wireJob),
      targets: store.targets.entries(view).map(({ key: [height], value }) => ({ height, target: u256Value.encode(value) })),
      anchored: store.anchored.list(view).map(wireAnchoredWork),
      totals: store.totals.keys(view).map(([taskId]) => ({ taskId, totals: totalsOf(view, taskId) })),
    }),
  });

const refuse = (at: string, what: string): never => {
  throw new Error(`${at}: ${what}`);
};

/** A height, task or iteration, once in its list. */
function once(seen: Set<string>, id: string, at: string): void {
  if (seen.has(id)) refuse(at, `${id} is named twice`);
  seen.add(id);
}

function load(ports: WorkPorts, ctx: Context, state: GenesisState, at: string): void {
  store.lottery.set(ctx, state.lottery ? checkedLottery(state.lottery, params.get(ctx), `${at}.lottery`) : firstLottery(params.get(ctx).target0));

  const seen = new Set<string>();
  const jobs = state.jobs.map((w, i) => {
    const job = checkedJob(ports, ctx, w, `${at}.jobs[${i}]`);
    once(seen, `job ${job.id}`, `${at}.jobs[${i}].id`);
    if (job.kind === "claim") once(seen, `a claim of slot ${job.slot}, seq ${job.seq} of task ${job.taskId}`, `${at}.jobs[${i}]`);
    return job;
  });
  loadJobs(ctx, jobs, state.nextJob === 0n ? 1n : state.nextJob, at);
  const held = ports.bank.poolBalance(ctx, "work");
  const deposits = openDeposits(ctx);
  if (held !== deposits) refuse(`${at}.jobs`, `open deposits add up to ${deposits}, the pool holds ${held}`);

  state.targets.forEach(({ height, target }, i) => {
    once(seen, `target of ${height}`, `${at}.targets[${i}].height`);
    store.targets.set(ctx, checkedTarget(target, `${at}.targets[${i}].target`), height);
  });
  state.anchored.forEach((w, i) => {
    once(seen, `work of ${w.height}`, `${at}.anchored[${i}].height`);
    store.anchored.set(ctx, inside(`${at}.anchored[${i}]`, () => parseAnchoredWork(w)), w.height);
  });
  state.totals.forEach(({ taskId, totals }, i) => {
    once(seen, `task ${taskId}`, `${at}.totals[${i}].task_id`);
    if (!ports.tasks.get(ctx, taskId)) refuse(`${at}.totals[${i}].task_id`, `task ${taskId} is not there`);
    store.totals.set(ctx, totals ?? WorkTotals.create(), taskId);
  });
}

function checkedTarget(target: Uint8Array, at: string): bigint {
  if (target.length !== TARGET_BYTES) refuse(at, `got ${target.length} bytes, want ${TARGET_BYTES}`);
  return toBigInt(target) || refuse(at, "is 0, so that nothing could win");
}

function checkedLottery(w: WireLottery, { retargetClaims, targetSpacingMs }: Params, at: string) {
  checkedTarget(w.target, `${at}.target`);
  if (w.windowClaims > w.paidClaims) refuse(`${at}.window_claims`, `got ${w.windowClaims}, want at most paid_claims, which is ${w.paidClaims}`);
  // What every block leaves behind; more would be worked off in the first one, step by step.
  if (w.windowClaims >= retargetClaims) refuse(`${at}.window_claims`, `got ${w.windowClaims}, want less than retarget_claims, which is ${retargetClaims}`);
  if (w.idleMs >= 4n * targetSpacingMs) refuse(`${at}.idle_ms`, `got ${w.idleMs}, want less than four times target_spacing_ms, which is ${targetSpacingMs}`);
  if (w.counting && w.lastTimeMs === undefined) refuse(`${at}.counting`, "no time counts before the first block");
  return parseLottery(w);
}

function checkedHead(ports: WorkPorts, ctx: Context, { taskId, slot, head }: { taskId: bigint; slot: number; head: AnchoredHead }, least: bigint, at: string): void {
  const of = ports.supervision.slot(ctx, taskId, slot) ?? refuse(at, `slot ${slot} of task ${taskId} is not there`);
  if (head.seq < least || head.seq > of.positions) refuse(`${at}.head.seq`, `got ${head.seq}, want ${least} to ${of.positions}`);
  if (head.hash.length !== 32) refuse(`${at}.head.hash`, `got ${head.hash.length} bytes, want 32`);
}

function checkedJob(ports: WorkPorts, ctx: Context, w: WireJob, at: string): Job {
  const job = inside(`${at}`, () => parseJob(w));
  const stray = strayField(WireJob, w, wireJob(job));
  if (stray) refuse(`${at}.${stray}`, job.outcome ? `does not go with a job of kind ${job.kind}` : `does not go with an open job of kind ${job.kind}`);
  if (job.seq < 1n) refuse(`${at}.seq`, `got ${job.seq}, want at least 1`);
  checkedHead(ports, ctx, job, job.seq, at);
  if (job.kind !== "audit") within(`${at}.submitter`, () => ctx.addresses.parse(job.kind === "claim" ? job.miner : job.supervisor));
  if (job.kind === "claim" && !equalBytes(job.headerHash, headerHash(ctx.crypto, job.header))) refuse(`${at}.header_hash`, "is not that of the header");
  const validators = new Set<string>();
  job.verdicts.forEach(({ validator, code }, i) => {
    within(`${at}.verdicts[${i}].validator`, () => ctx.addresses.parse(validator));
    once(validators, validator, `${at}.verdicts[${i}].validator`);
    if (code === VerdictCode.VERDICT_UNSPECIFIED) refuse(`${at}.verdicts[${i}].code`, "want a verdict");
  });
  return job;
}

/** Every record of jobs, in the order in which the chain wrote them. */
function loadJobs(ctx: Context, jobs: readonly Job[], nextId: bigint, at: string): void {
  const byId = [...jobs].sort((a, b) => order(a.id, b.id));
  const open = byId.filter((j) => !j.outcome);
  for (const job of byId) {
    const { id, taskId, slot, seq } = job;
    if (id < 1n || id >= nextId) refuse(`${at}.next_job`, `got ${nextId}, there is a job ${id}`);
    store.jobs.set(ctx, job, id);
    store.jobsOfTask.add(ctx, taskId, id);
    (job.kind === "claim" ? store.claims : store.audits).set(ctx, id, taskId, slot, seq);
  }
  for (const job of open) noteOpen(ctx, job);
  store.counters.set(ctx, { nextId, open: open.length, openClaims: open.reduce((n, j) => n + claimsIn(j), 0) });

  const decided = byId.flatMap((job) => (job.outcome?.kind === "decided" ? [{ job, ...job.outcome }] : []));
  for (const { job, code } of decided.sort((a, b) => order(a.height, b.height) || order(a.job.id, b.job.id))) {
    const { id, taskId, slot, head, verdicts } = job;
    for (const v of verdicts) if (v.code === code) store.agreeing.set(ctx, (store.agreeing.get(ctx, taskId, v.validator) ?? 0n) + 1n, taskId, v.validator);
    // The first job that finds a fault convicts: a miner once for each kind, supervisors once for each head.
    const convicts = code === VerdictCode.VERDICT_INVALID || code === VerdictCode.VERDICT_NO_RESIDUAL ? 0n : code === VerdictCode.VERDICT_UNSERVED ? head.seq : undefined;
    if (convicts !== undefined && !store.convictions.has(ctx, taskId, slot, code, convicts)) store.convictions.set(ctx, id, taskId, slot, code, convicts);
  }
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
