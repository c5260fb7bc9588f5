/**
 * MsgReportEquivocation: two signed heads of one sequence number prove that a miner signed two histories. It loses its
 * stake and its slot, once; from Training until the seats unlock, `slash` takes at most what is left.
 */
import { EMPTY, equalBytes, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import type { MsgReportEquivocation, MsgReportEquivocationResponse } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { verifyHead } from "#protocol/log/header.js";
import { supervisionErrors as errors } from "../errors.js";
import { supervisionEvents as events } from "../events.js";
import { reported, slots } from "../store.js";
import { headSeq, type SupervisionKeeper, type SupervisionPorts } from "../types.js";
import { GAS_PER_HEAD } from "./anchor-log.js";
import { taskOf } from "./supervisor.js";

export function reportEquivocation(ports: SupervisionPorts, keeper: SupervisionKeeper, ctx: Context, m: MsgReportEquivocation): MsgReportEquivocationResponse {
  const t = taskOf(ports, ctx, m.taskId);
  const s = slots.get(ctx, m.taskId, m.slot);
  const miner = ports.matching.seat(ctx, m.taskId, Role.ROLE_MINER, m.slot);
  if (!s || !miner) throw errors.unknownSlot(`slot ${m.slot} of task ${m.taskId}`);
  if (t.closedHeight !== undefined && ctx.block.height > t.closedHeight + t.terms.seatUnlockBlocks) {
    throw errors.wrongPhase(`task ${m.taskId} closed at ${t.closedHeight} and its seats are unlocked`);
  }
  if (reported.has(ctx, m.taskId, m.slot)) throw errors.alreadyReported(`slot ${m.slot} of task ${m.taskId}`);

  const { first, second } = m;
  if (!first || !second || first.seq !== second.seq || first.seq < 1n || equalBytes(first.hash, second.hash)) {
    throw errors.notEquivocation(`got seq ${first?.seq ?? "none"} and ${second?.seq ?? "none"}, ${first && second && equalBytes(first.hash, second.hash) ? "one hash" : "two hashes"}`);
  }
  ctx.gas.consume(2n * GAS_PER_HEAD, "two heads");
  for (const h of [first, second]) {
    if (h.hash.length !== 32) throw errors.badHash(`seq ${h.seq}: got ${h.hash.length} bytes`);
    const id = { chainId: ctx.block.chainId, taskId: m.taskId, slot: m.slot, seq: h.seq, headerHash: h.hash };
    if (!verifyHead(ctx.crypto, miner.sessionKey ?? EMPTY, id, h.signature)) throw errors.badSignature(`slot ${m.slot}, seq ${h.seq}, hash ${toHex(h.hash)}`);
  }

  reported.add(ctx, m.taskId, m.slot);
  // f: the highest kept advance below the fork; what lies above it has two histories. The last head is kept for good,
  // whether its advance is still there or not.
  const kept = keeper.anchors(ctx, m.taskId, m.slot).map((a) => a.seq);
  const f = [...kept, headSeq(s)].reduce((best, seq) => (seq < first.seq && seq > best ? seq : best), 0n);
  keeper.closeForFault(ctx, m.taskId, m.slot, f);
  // Who sits in the task gains by a rival's fall already; the bounty is for outsiders.
  const outsider = ports.matching.byWorker(ctx, m.taskId, m.reporter).length === 0;
  const slashed = ports.matching.slash(ctx, miner, t.terms.slashEquivocation, outsider ? { bountyTo: m.reporter } : {});
  ctx.emit(events.equivocation({ task: m.taskId, slot: m.slot, seq: first.seq, miner: miner.worker, reporter: m.reporter, slashed }));
  return {};
}
