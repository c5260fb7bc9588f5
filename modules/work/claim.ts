/**
 * MsgSubmitWork: a miner claims an iteration that won its draw.
 *
 * The claim proves that the header stands in the slot's anchored log; the draw used randomness that came after the
 * anchor. What costs least is checked first: all of it takes well under a millisecond.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { type Header, JobKind, type MsgSubmitWork, type MsgSubmitWorkResponse, Phase, Role, SlotStatus } from "#proto/gen/pouw.js";
import { isLucky, lotteryDraw } from "#protocol/draws/lottery.js";
import { decodeHeader, headerHash } from "#protocol/log/header.js";
import { verifyInclusion } from "#protocol/log/log-root.js";
import { workErrors as errors } from "./errors.js";
import { count, queueJob } from "./jobs.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

/** Fixed gas of a claim: two headers hashed and decoded, an inclusion proof, a draw. */
export const GAS_PER_CLAIM = 10_000n;
const PHASES: readonly number[] = [Phase.PHASE_TRAINING, Phase.PHASE_SUBMISSION, Phase.PHASE_SETTLING];

export function submitWork(ports: WorkPorts, ctx: Context, m: MsgSubmitWork): MsgSubmitWorkResponse {
  ctx.gas.consume(GAS_PER_CLAIM, "work claim");
  const t = ports.tasks.get(ctx, m.taskId);
  if (!t) throw errors.unknownTask(`task ${m.taskId}`);
  if (!PHASES.includes(t.phase)) throw errors.wrongPhase(`task ${m.taskId} is in phase ${t.phase}, claims are taken from Training to Settling`);
  const seat = ports.seats.seat(ctx, m.taskId, Role.ROLE_MINER, m.slot);
  if (!seat || seat.worker !== m.miner) throw errors.notYourSlot(`${m.miner}, slot ${m.slot} of task ${m.taskId}`);
  const slot = ports.slots.slot(ctx, m.taskId, m.slot);
  if (!slot || slot.status === SlotStatus.SLOT_CLOSED_FAULT) throw errors.slotClosed(`slot ${m.slot} of task ${m.taskId}`);

  const params = ports.params.get(ctx);
  const meta = store.readMeta(ctx, params.target0);
  if (meta.openClaims >= params.maxOpenJobs) throw errors.tooManyJobs(`${meta.openClaims} claims open, at most ${params.maxOpenJobs}`);
  if (t.minted >= t.mintCap) throw errors.nothingToMint(`task ${m.taskId} minted ${t.minted} of ${t.mintCap}`);

  const header = read(m.header, "header", ctx, m);
  if (store.claims.has(ctx, m.taskId, m.slot, header.seq)) throw errors.alreadyClaimed(`slot ${m.slot}, seq ${header.seq}`);
  const head = header.seq > 0n ? ports.slots.firstAtOrAbove(ctx, m.taskId, m.slot, header.seq) : undefined;
  if (!head) throw errors.notAnchored(`slot ${m.slot}, seq ${header.seq}`);

  const drawn = head.height + params.drawDelay;
  const { height } = ctx.block;
  if (height <= drawn) throw errors.tooEarly(`seq ${header.seq} is drawn at ${drawn}, this is block ${height}`);
  if (height > drawn + params.claimWindow) throw errors.tooLate(`seq ${header.seq} was drawn at ${drawn}, the last block for it was ${drawn + params.claimWindow}`);

  const hash = headerHash(ctx.crypto, m.header);
  if (!equalBytes(headerHash(ctx.crypto, m.headHeader), head.hash)) throw errors.wrongHead(`got ${toHex(headerHash(ctx.crypto, m.headHeader))}, want ${toHex(head.hash)} at seq ${head.seq}`);
  if (header.seq === head.seq) {
    if (!equalBytes(hash, head.hash) || m.proof.length > 0) throw errors.badProof("the header is the anchored head itself; its proof is empty");
  } else {
    const headHeader = read(m.headHeader, "head_header", ctx, m);
    if (headHeader.seq !== head.seq) throw errors.wrongHead(`got seq ${headHeader.seq}, want ${head.seq}`);
    if (m.proof.length > 64 || !verifyInclusion(ctx.crypto, headHeader.logRoot, head.seq - 1n, header.seq - 1n, hash, m.proof)) {
      throw errors.badProof(`seq ${header.seq} under the head at seq ${head.seq}, ${m.proof.length} hashes`);
    }
  }

  const beacon = ports.beacon.at(ctx, drawn);
  const target = store.targets.get(ctx, drawn);
  if (!beacon || target === undefined) throw new Error(`work: beacon or target of block ${drawn} is not kept`);
  const draw = lotteryDraw(ctx.crypto, { beacon, taskId: m.taskId, slot: m.slot, seq: header.seq, headerHash: hash });
  if (!isLucky(draw, target, t.flop)) throw errors.notLucky(`slot ${m.slot}, seq ${header.seq}, draw ${toHex(draw).slice(0, 16)}…`);

  const job = queueJob(ports, ctx, {
    kind: JobKind.JOB_CLAIM,
    taskId: m.taskId,
    slot: m.slot,
    seq: header.seq,
    head,
    header: m.header,
    headerHash: hash,
    submitter: m.miner,
  });
  count(ctx, m.taskId, { claimsSubmitted: 1n });
  ctx.emit(event("claim_submitted", { job: job.id, task: m.taskId, slot: m.slot, seq: header.seq, miner: m.miner, draw: toHex(draw) }));
  return { jobId: job.id };
}

function read(bytes: Uint8Array, what: string, ctx: Context, m: MsgSubmitWork): Header {
  let h: Header;
  try {
    h = decodeHeader(bytes);
  } catch {
    throw errors.badHeader(`${what} of ${bytes.length} bytes`);
  }
  if (h.chainId !== ctx.block.chainId || h.taskId !== m.taskId || h.slot !== m.slot) {
    throw errors.badHeader(`${what} names chain ${JSON.stringify(h.chainId.slice(0, 50))}, task ${h.taskId}, slot ${h.slot}; want ${ctx.block.chainId}, ${m.taskId}, ${m.slot}`);
  }
  return h;
}
