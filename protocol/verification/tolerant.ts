/**
 * When an iteration of the tolerant profile is right (protocol section 10): the rule for one whose gradient was computed
 * by another arithmetic than the verifier's own. Pure; the sums are binary64, ascending, so one input has one answer.
 */
import type { Group } from "#engine/quanta.js";
import { NOT_FINITE, millionths } from "../floats.js";
import { clamp } from "../state/quantise.js";
import type { Reason } from "./reasons.js";

/** What differing orders of summation may change: of a vector's root mean square, of its norm, of a loss. */
const TOLERANCE = 2 ** -10;
/** Of an entry's own size; a = fround(r − u) rounds by less. */
const ENTRY = 2 ** -20;
/** Of the residual's size, where an update vanishes beside it in binary32. */
const ROUNDING = 2 ** -23;

export interface TolerantClaim {
  /** The map, entry by entry. */
  readonly k: Int32Array;
  /** The residual that the header hashes; undefined where only the map is judged. */
  readonly residual: Float32Array | undefined;
  /** Fields of the header. */
  readonly loss: number;
  readonly accuracy: number;
  readonly overdrive: number;
  readonly null: boolean;
}

/** The verifier's own iteration from the same weights, residual and batch. */
export interface Recomputed {
  /** r: before the iteration. */
  readonly residual: Float32Array;
  /** u' = fround(lr·g'). */
  readonly update: Float32Array;
  readonly loss: number;
  /** Right rows, and rows in all; undefined for a regression. */
  readonly correct: { readonly rows: number; readonly of: number } | undefined;
  /** By entry, how far u' moves where a rounding decides (see ./tolerant-rerun.ts); nothing at most iterations. */
  readonly slack?: Float32Array | undefined;
}

export interface Fault {
  readonly reason: Reason;
  readonly text: string;
}

/** The first rule that a claim breaks. */
export function tolerantFault(claim: TolerantClaim, own: Recomputed, groups: readonly Group[]): Fault | undefined {
  const n = own.update.length;
  const a = new Float32Array(n);
  let finite = Number.isFinite(own.loss);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const u = own.update[i] as number;
    a[i] = (own.residual[i] as number) - u;
    finite &&= Number.isFinite(u);
    squares += u * u;
  }
  if (claim.null === finite) return { reason: "null", text: `is ${claim.null ? "null" : "not null"} in the header, ${finite ? "not null" : "null"} in the re-run` };
  if (!finite) return nullFault(claim, own.residual);

  const broad = TOLERANCE * Math.sqrt(squares / n);
  let [surely, perhaps, off, size, quanta] = [0, 0, 0, 0, 0];
  for (const { runs, q, levels, bound } of groups) {
    for (const run of runs) {
      for (let i = run.offset; i < run.offset + run.size; i++) {
        const [own_a, k, slack] = [a[i] as number, claim.k[i] as number, own.slack?.[i] ?? 0];
        const magnitude = Math.abs(own_a);
        const epsilon = broad + ENTRY * magnitude + slack;
        const fault = entryFault(k, own_a, epsilon, q, levels);
        if (fault) return { reason: "map_hash", text: `entry ${i} is ${k} in the map, and ${own_a / q} quanta were due: ${fault}` };
        if (magnitude - epsilon > levels * q) surely++;
        if (magnitude + epsilon > levels * q) perhaps++;
        if (claim.residual) {
          const d = Math.max(0, Math.abs((claim.residual[i] as number) - clamp(own_a - q * k, bound)) - slack);
          off += d * d;
          size += magnitude * magnitude;
          quanta += q * q;
        }
      }
    }
  }
  if (claim.residual) {
    // The second part lets through what an update leaves in binary32 beside r, and what could not make a quantum in 2^23 iterations.
    const most = TOLERANCE * Math.sqrt(squares) + ROUNDING * (Math.sqrt(size) + Math.sqrt(quanta));
    if (!(Math.sqrt(off) <= most)) return { reason: "residual_hash", text: `the residual is ${Math.sqrt(off)} from the re-run's, at most ${most} is rounding` };
  }
  if (claim.overdrive < surely || claim.overdrive > perhaps) return { reason: "overdrive", text: `overdrive is ${claim.overdrive} in the header, ${surely} to ${perhaps} in the re-run` };
  return figuresFault(claim, own);
}

/** What a map leaves of r − u: the residual after an iteration whose map another arithmetic made. */
export function residualLeft(before: Float32Array, update: Float32Array, k: Int32Array, groups: readonly Group[]): Float32Array {
  const after = new Float32Array(before.length);
  for (const { runs, q, bound } of groups) {
    for (const { offset, size } of runs) {
      for (let i = offset; i < offset + size; i++) after[i] = clamp(Math.fround(Math.fround((before[i] as number) - (update[i] as number)) - q * (k[i] as number)), bound);
    }
  }
  return after;
}

/** k is zero or has the sign of a; |k|·q ≤ |a| + ε; |a − q·k| ≤ max(q, |a| − levels·q) + ε. */
function entryFault(k: number, a: number, epsilon: number, q: number, levels: number): string | undefined {
  const magnitude = Math.abs(a);
  if (k !== 0 && Math.sign(k) !== Math.sign(a)) return "the other sign";
  if (Math.abs(k) * q > magnitude + epsilon) return "too much";
  if (Math.abs(a - q * k) > Math.max(q, magnitude - levels * q) + epsilon) return "too little";
  return undefined;
}

/** A null iteration: the empty map, and the residual as it was. */
function nullFault(claim: TolerantClaim, residual: Float32Array): Fault | undefined {
  if (claim.k.some((k) => k !== 0)) return { reason: "map_hash", text: "a null iteration has an empty map" };
  if (claim.residual?.some((r, i) => !Object.is(r, residual[i]))) return { reason: "residual_hash", text: "a null iteration leaves the residual as it was" };
  if (claim.overdrive !== 0) return { reason: "overdrive", text: `overdrive is ${claim.overdrive}, a null iteration has none` };
  return undefined;
}

/** Loss and accuracy: told, and good for nothing else, so the bounds are wide enough for rows that are undecided. */
function figuresFault(claim: TolerantClaim, own: Recomputed): Fault | undefined {
  const loss = millionths(own.loss);
  if (claim.loss === NOT_FINITE || Math.abs(claim.loss - loss) > TOLERANCE * Math.max(1e6, loss) + 1) return { reason: "loss", text: `loss is ${claim.loss} in the header, ${loss} in the re-run` };
  if (!own.correct) return claim.accuracy === 0 ? undefined : { reason: "accuracy", text: `accuracy is ${claim.accuracy}, a regression has none` };
  const { rows, of } = own.correct;
  const undecided = 1 + Math.floor(of / 64);
  const [low, high] = [rows - undecided, rows + undecided].map((r) => Math.floor((1e6 * r) / of)) as [number, number];
  return claim.accuracy < low || claim.accuracy > high ? { reason: "accuracy", text: `accuracy is ${claim.accuracy} in the header, ${rows} of ${of} rows in the re-run` } : undefined;
}
