/**
 * Messages of `work`. MsgSubmitWork: a miner claims an iteration that won its draw.
 *
 * The claim proves that the header stands in the slot's anchored log; the draw used randomness that came after the
 * anchor. What costs least is checked first: all of it takes well under a millisecond.
 */
import { updateParams } from "#kernel/authority.js";
import { equalBytes, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { MsgHandlers } from "#kernel/services.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Header } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { MsgSubmitWork, MsgSubmitWorkResponse, WorkMsg } from "#proto/gen/pouw/work/v1/tx.js";
import { isLucky, lotteryDraw } from "#protocol/draws/lottery.js";
import { decodeHeader, headerHash } from "#protocol/log/header.js";
import { verifyInclusion } from "#protocol/log/log-root.js";
import { workErrors as errors } from "./errors.js";
import { workEvents as events } from "./events.js";
import { count, queueJob } from "./jobs.js";
import { params } from "./params.js";
import { beginWindow } from "./retarget.js";
import * as store from "./store.js";
import type { WorkPorts } from "./types.js";

/** Fixed gas of a claim: two headers hashed and decoded, an inclusion proof, a draw. */
export const GAS_PER_CLAIM = 10_000n;
const PHASES: readonly number[] = [Phase.PHASE_TRAINING, Phase.PHASE_SUBMISSION, Phase.PHASE_SETTLING];
/** Claims that one slot may have open: whoever floods keeps out itself. */
const CLAIMS_OF_SLOT = 8;
/** as many hashes as a proof can have in a log of 2^64 headers */
const MAX_PROOF = 64;

export const workMessages = (ports: WorkPorts): MsgHandlers<typeof WorkMsg> => ({
  submitWork: (ctx, m) => submitWork(ports, ctx, m),
  updateParams: updateParams(params, (ctx, next, now) => {
    if (next.retargetClaims !== now.retargetClaims || next.targetSpacingMs !== now.targetSpacingMs) store.lottery.set(ctx, beginWindow(store.lottery.get(ctx)));
  }),
});

function submitWork(ports: WorkPorts, ctx: Context, m: MsgSubmitWork): MsgSubmitWorkResponse {
  ctx.gas.consume(GAS_PER_CLAIM, "work claim");
  const { taskId, slot, miner } = m;
  const t = ports.tasks.get(ctx, taskId);
  if (!t) throw errors.unknownTask(`task ${taskId}`);
  if (!PHASES.includes(t.phase)) throw errors.wrongPhase(`task ${taskId} is in phase ${t.phase}, claims are taken from Training to Settling`);
  const seat = ports.matching.seat(ctx, taskId, Role.ROLE_MINER, slot);
  if (!seat || seat.worker !== miner) throw errors.notYourSlot(`${miner}, slot ${slot} of task ${taskId}`);
  const state = ports.supervision.slot(ctx, taskId, slot)?.state.kind ?? "fault";
  if (state === "fault") throw errors.slotClosed(`slot ${slot} of task ${taskId}`);

  const p = params.get(ctx);
  const { openClaims } = store.counters.get(ctx);
  if (openClaims >= p.maxOpenJobs) throw errors.tooManyJobs(`${openClaims} claims open, at most ${p.maxOpenJobs}`);
  const ofTask = Math.max(1, Math.floor(p.maxOpenJobs / 4));
  if (store.openClaims.keys(ctx, { prefix: [taskId], limit: ofTask }).length >= ofTask) throw errors.tooManyOfTask(`${ofTask} claims of task ${taskId} open, at most ${ofTask}`);
  if (store.openClaims.keys(ctx, { prefix: [taskId, slot], limit: CLAIMS_OF_SLOT }).length >= CLAIMS_OF_SLOT) throw errors.tooManyOfSlot(`${CLAIMS_OF_SLOT} claims of slot ${slot} of task ${taskId} open, at most ${CLAIMS_OF_SLOT}`);
  if (t.minted >= t.mintCap) throw errors.nothingToMint(`task ${taskId} minted ${t.minted} of ${t.mintCap}`);

  const header = read(m.header, "header", ctx, m);
  const { seq } = header;
  if (store.claims.has(ctx, taskId, slot, seq)) throw errors.alreadyClaimed(`slot ${slot}, seq ${seq}`);
  const head = seq > 0n ? ports.supervision.firstAtOrAbove(ctx, taskId, slot, seq) : undefined;
  if (!head) throw errors.notAnchored(`slot ${slot}, seq ${seq}`);

  const { drawDelay, claimWindow } = t.terms;
  const drawn = head.height + drawDelay;
  const { height } = ctx.block;
  if (height <= drawn) throw errors.tooEarly(`seq ${seq} is drawn at ${drawn}, this is block ${height}`);
  if (height > drawn + claimWindow) throw errors.tooLate(`seq ${seq} was drawn at ${drawn}, the last block for it was ${drawn + claimWindow}`);

  const hash = headerHash(ctx.crypto, m.header);
  if (!equalBytes(headerHash(ctx.crypto, m.headHeader), head.hash)) throw errors.wrongHead(`got ${toHex(headerHash(ctx.crypto, m.headHeader))}, want ${toHex(head.hash)} at seq ${head.seq}`);
  if (seq === head.seq) {
    if (!equalBytes(hash, head.hash) || m.proof.length > 0) throw errors.badProof("the header is the anchored head itself; its proof is empty");
  } else {
    const headHeader = read(m.headHeader, "head_header", ctx, m);
    if (headHeader.seq !== head.seq) throw errors.wrongHead(`got seq ${headHeader.seq}, want ${head.seq}`);
    if (m.proof.length > MAX_PROOF || !verifyInclusion(ctx.crypto, headHeader.logRoot, head.seq - 1n, seq - 1n, hash, m.proof)) {
      throw errors.badProof(`seq ${seq} under the head at seq ${head.seq}, ${m.proof.length} hashes`);
    }
  }

  const beacon = ports.beacon.at(ctx, drawn);
  const target = store.targets.get(ctx, drawn);
  if (!beacon || target === undefined) throw new Error(`work: beacon or target of block ${drawn} is not kept`);
  const draw = lotteryDraw(ctx.crypto, { beacon, taskId, slot, seq, headerHash: hash });
  if (!isLucky(draw, target, t.flop)) throw errors.notLucky(`slot ${slot}, seq ${seq}, draw ${toHex(draw).slice(0, 16)}…`);

  const job = queueJob(ports, ctx, { kind: "claim", taskId, slot, seq, head, miner, header: m.header, headerHash: hash, reward: 0n });
  count(ctx, taskId, { claimsSubmitted: 1n });
  ctx.emit(events.claimSubmitted({ job: job.id, task: taskId, slot, seq, miner, draw: toHex(draw) }));
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
