/**
 * The re-run of one iteration (protocol section 10).
 *
 * The state is rebuilt from the log, the residual is the last one that a header hashes, and up to R iterations are run
 * again. In the exact profile every field of every header on the way is compared to the bit. In the tolerant profile R is
 * 1, and the one iteration is judged between two residuals that its miner serves: the one before and its own. All that comes from outside (residual, batches,
 * peers' messages) is handed in; what is still lacking is named in the answer and the caller calls again with it.
 */
import { equalBytes } from "#kernel/bytes.js";
import type { Batch } from "#engine/types.js";
import type { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { checkForm, checkSuccession, firstTip, tipAfter, type CheckContext, type SlotTip } from "../log/check.js";
import { f32From } from "../floats.js";
import { decodeHeader, headerHash } from "../log/header.js";
import { residualBytes, stateFault } from "../tasks/engine-options.js";
import { iterate, loadResidual, residualSeqBefore } from "../state/iterate.js";
import { Closures, effectiveClock } from "../log/lag.js";
import { emptyRoot } from "../log/log-root.js";
import { mapHash } from "../state/map.js";
import { Peers, type Equivocation } from "./peers.js";
import { positionOf } from "../log/positions.js";
import { isTolerant } from "../tasks/profiles.js";
import { invalid, verdict, type Reason, type Verdict } from "./reasons.js";
import { MissingMap, type Replica } from "../state/replica.js";
import type { Fault } from "./tolerant.js";
import { rerunTolerant, tolerantClaim } from "./tolerant-rerun.js";

export interface VerifyInput {
  ctx: CheckContext;
  /**
   * Knows the log, checked against anchored heads, of every slot as far as it is served (at least what the headers'
   * clocks name), and stands anywhere. After a VOID it holds the miner's view instead: use it no further.
   */
  replica: Replica;
  /** The log: header, map and signature of any (slot, seq) that the replica knows. */
  iterationOf(slot: number, seq: bigint): Iteration | undefined;
  slot: number;
  seq: bigint;
  /** Hash of a claim's header. */
  claimed?: Uint8Array | undefined;
  /** Residual after residualSeqBefore(n, profile, seq): bytes, undefined when not fetched yet, null when nobody served it in time. */
  residual?: Uint8Array | null | undefined;
  /** Residual after seq itself, which the tolerant profile asks for as well. */
  residualAfter?: Uint8Array | null | undefined;
  /** Seq of a slot's newest anchored head: what supervisors must serve. */
  anchoredSeq(slot: number): bigint;
  /** By batch number: undefined when not fetched yet, null when no supervisor served it in time. */
  batch(batch: number): Batch | null | undefined;
  /** What the miner served of its peers' messages, as one supervisor relayed it or as all did together. */
  peers?: readonly Iteration[] | undefined;
  /** Every supervisor has answered, or the time is over: what does not agree now never will. */
  peersComplete?: boolean | undefined;
  /** Called before each iteration that is re-run. */
  progress?: ((done: number, total: number) => void) | undefined;
}

export type { Equivocation };

export type VerifyOutcome =
  | (Verdict & { needs?: undefined; equivocation?: Equivocation | undefined })
  /** Hand in the residual after this seq, whose sha256 is `hash`. */
  | { needs: "residual"; seq: bigint; hash: Uint8Array }
  /** Hand in the batch of this number. */
  | { needs: "batch"; batch: number }
  /** Hand in (more of) the peers' messages that (slot, seq) counted. */
  | { needs: "peers"; slot: number; seq: bigint };

const { VERDICT_VALID, VERDICT_VOID, VERDICT_NO_RESIDUAL, VERDICT_UNSERVED } = VerdictCode;

export function verifyIteration(input: VerifyInput): VerifyOutcome {
  const { replica, slot, seq } = input;
  const n = replica.engine.plan.parameters;
  const from = residualSeqBefore(n, input.ctx.spec.profile, seq);

  // What closed this very slot came after what it did, and validators may hear of it at different times.
  const ctx: CheckContext = { ...input.ctx, closures: new Closures(input.ctx.closures.all().filter((c) => c.slot !== slot)) };

  const messages = new Map<bigint, Iteration>();
  for (let s = from === 0n ? 1n : from; s <= seq; s++) {
    const message = input.iterationOf(slot, s);
    if (!message) return verdict(VERDICT_UNSERVED, "no_header", `slot ${slot}, seq ${s} is not served`);
    messages.set(s, message);
  }
  const target = messages.get(seq) as Iteration;
  if (input.claimed && !equalBytes(input.claimed, headerHash(ctx.crypto, target.header))) return invalid("claim", `slot ${slot}, seq ${seq}: the claimed header is not the log's`);

  const start = startOf(input, ctx, from, messages.get(from));
  if ("outcome" in start) return start.outcome;
  let tip = start.tip;

  const peers = new Peers(ctx, replica, input);
  for (let s = from + 1n; s <= seq; s++) {
    input.progress?.(Number(s - from - 1n), Number(seq - from));
    const message = messages.get(s) as Iteration;
    const outcome = rerun(input, ctx, peers, message, s, tip);
    if ("outcome" in outcome) return outcome.outcome;
    tip = outcome.tip;
  }
  if (peers.grafted) {
    return { ...verdict(VERDICT_VOID, "other_log", `slot ${slot}, seq ${seq}: agrees on the peers' messages that the miner served, not on the log`), equivocation: peers.equivocation };
  }
  return verdict(VERDICT_VALID, undefined, `slot ${slot}, seq ${seq}: ${seq - from} re-run`);
}

type Step = { tip: SlotTip } | { outcome: VerifyOutcome };

/** Loads the residual to begin with, and says where the slot's log stood then. */
function startOf({ replica, slot, residual }: VerifyInput, ctx: CheckContext, from: bigint, message: Iteration | undefined): Step {
  if (from === 0n || !message) {
    loadResidual(replica.engine, slot, undefined);
    return { tip: firstTip(ctx.spec.slots, ctx.startHeight, emptyRoot(ctx.crypto)) };
  }
  const known = replica.chainDigestAt(slot, from);
  if (!known) return { outcome: verdict(VERDICT_UNSERVED, "no_header", `slot ${slot}: the log is served only up to ${replica.knownSeq(slot)}`) };
  let header: Header;
  try {
    header = decodeHeader(message.header);
  } catch (error) {
    return { outcome: invalid("header", `slot ${slot}, seq ${from}: ${(error as Error).message}`) };
  }
  const served = servedResidual(residual, header, slot, from, ctx);
  if ("outcome" in served) return served;
  loadResidual(replica.engine, slot, served.bytes);
  return { tip: { ...tipAfter({ header, headerHash: headerHash(ctx.crypto, message.header) }, replica.logRoot(slot, from)), chainDigest: known } };
}

/** The residual after (slot, seq) if it is what the header hashes. */
function servedResidual(residual: Uint8Array | null | undefined, { residualHash }: Header, slot: number, seq: bigint, { crypto, spec, parameters, groups }: CheckContext): { bytes: Uint8Array } | { outcome: VerifyOutcome } {
  if (residualHash.length !== 32) return { outcome: invalid("residual_hash", `slot ${slot}, seq ${seq}: no residual_hash`) };
  if (residual === null) return { outcome: verdict(VERDICT_NO_RESIDUAL, "no_residual", `slot ${slot}, seq ${seq}: not served`) };
  if (!residual || !equalBytes(crypto.sha256(residual), residualHash)) return { outcome: { needs: "residual", seq, hash: residualHash } };
  const bytes = residualBytes(spec, parameters);
  if (residual.length !== bytes) return { outcome: invalid("residual_hash", `slot ${slot}, seq ${seq}: the residual has ${residual.length} bytes, want ${bytes}`) };
  // Nobody has seen what such a state came from, and every iteration from it would re-run to the same bits.
  const outside = stateFault(spec, groups, f32From(residual));
  if (outside !== undefined) return { outcome: invalid("residual_bounds", `slot ${slot}, seq ${seq}: ${outside}`) };
  return { bytes: residual };
}

function rerun(input: VerifyInput, ctx: CheckContext, peers: Peers, message: Iteration, seq: bigint, tip: SlotTip): Step {
  const { replica, slot } = input;
  const bad = (reason: Reason, text: string): Step => ({ outcome: invalid(reason, text) });
  const form = checkForm(ctx, message, { signature: false });
  if (!form.ok) {
    if (form.violation.code === "map" && isOtherMap(ctx, message)) return { outcome: verdict(VERDICT_UNSERVED, "no_map", `slot ${slot}, seq ${seq}: the map served is not the header's`) };
    return bad(form.violation.code, form.violation.text);
  }
  const { header } = form.ok;
  if (header.slot !== slot || header.seq !== seq) return bad("header", `slot ${slot}, seq ${seq}: the header says slot ${header.slot}, seq ${header.seq}`);
  const violation = checkSuccession(ctx, header, tip);
  if (violation) return bad(violation.code, violation.text);

  const clock = effectiveClock(header.clock, ctx.closures, header.height);
  for (let s = 0; s < ctx.spec.slots; s++) {
    const [named, anchored] = [clock[s] as bigint, input.anchoredSeq(s)];
    const served = replica.knownSeq(s);
    if (s !== slot && !peers.grafted && served < named && served < anchored) return { outcome: verdict(VERDICT_UNSERVED, "no_header", `slot ${s} is served up to ${served}, anchored up to ${anchored}`) };
  }
  const agrees = (): boolean => {
    const digest = replica.digestAt(clock, { slot, chainDigest: header.chainDigest });
    return digest !== undefined && equalBytes(digest, header.modelDigest);
  };
  if (!agrees()) {
    if (!peers.grafted) peers.graft();
    if (!agrees()) {
      if (!input.peersComplete) return { outcome: { needs: "peers", slot, seq: input.seq } };
      if (peers.count === 0) return { outcome: verdict(VERDICT_NO_RESIDUAL, "no_peers", `slot ${slot}, seq ${seq}: another state than the log's, and no peer messages served`) };
      return bad("model_digest", `slot ${slot}, seq ${seq}: the log and the peers' messages served give another model digest`);
    }
  }

  const after = isTolerant(ctx.spec.profile) ? servedResidual(input.residualAfter, header, slot, seq, ctx) : undefined;
  if (after && "outcome" in after) return after;
  const number = ctx.order.batchOf(positionOf(ctx.spec, slot, seq));
  const batch = input.batch(number);
  if (batch === undefined) return { outcome: { needs: "batch", batch: number } };
  if (batch === null) return { outcome: verdict(VERDICT_UNSERVED, "no_batch", `batch ${number} is not served`) };
  try {
    replica.moveTo(clock, (s, q) => peers.map(s, q));
  } catch (error) {
    if (error instanceof MissingMap) return { outcome: verdict(VERDICT_UNSERVED, "no_map", error.message) };
    throw error;
  }
  const fault = after
    ? rerunTolerant({ hash: ctx.crypto, engine: replica.engine, batch, before: replica.engine.residual(slot).slice(), ...tolerantClaim(ctx.spec, ctx.groups, header, message.map, after.bytes), seed: form.ok.headerHash }).fault
    : exactFault(input, ctx, message, header, batch, tip);
  if (fault) return bad(fault.reason, `slot ${slot}, seq ${seq}: ${fault.text}`);
  // The log may end at this very header's predecessor; its own map then comes from the message.
  if (replica.knownSeq(slot) < seq) replica.record({ slot, seq, headerHash: form.ok.headerHash, mapHash: header.mapHash });
  return { tip: tipAfter(form.ok, replica.logRoot(slot, seq)) };
}

/** The first field that the re-run does not give to the bit. */
function exactFault({ replica }: VerifyInput, ctx: CheckContext, message: Iteration, header: Header, batch: Batch, tip: SlotTip): Fault | undefined {
  const { slot, seq, height, clock, batchHash } = header;
  const got = iterate({ replica, chainId: ctx.chainId, taskId: ctx.taskId, spec: ctx.spec, slot, seq, height, clock, batch, batchHash, prev: tip.headerHash });
  const differs = firstDifference(got.header, header);
  if (differs) return { reason: differs.reason, text: `${differs.reason} is ${differs.want} in the header, ${differs.got} in the re-run` };
  if (!equalBytes(got.headerBytes, message.header)) return { reason: "header", text: "the re-run gives other header bytes" };
  return undefined;
}

function isOtherMap({ crypto }: CheckContext, message: Iteration): boolean {
  return !equalBytes(decodeHeader(message.header).mapHash, mapHash(crypto, message.map));
}

/** Fields that only a re-run tells, the telling ones first. */
const FIELDS = [
  ["null", "null"],
  ["map_hash", "mapHash"],
  ["residual_hash", "residualHash"],
  ["loss", "loss"],
  ["accuracy", "accuracy"],
  ["overdrive", "overdrive"],
  ["chain_digest", "chainDigest"],
  ["log_root", "logRoot"],
  ["model_digest", "modelDigest"],
] as const satisfies readonly (readonly [Reason, keyof Header])[];

function firstDifference(got: Header, want: Header): { reason: Reason; got: string; want: string } | undefined {
  for (const [reason, field] of FIELDS) {
    const [a, b] = [got[field], want[field]];
    const same = a instanceof Uint8Array ? equalBytes(a, b as Uint8Array) : a === b;
    if (!same) return { reason, got: show(a), want: show(b) };
  }
  return undefined;
}

const show = (v: unknown): string => (v instanceof Uint8Array ? Array.from(v.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join("") + "…" : String(v));
