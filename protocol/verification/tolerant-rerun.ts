/**
 * The re-run of one iteration in the tolerant profile, by whatever engine stands at its weights.
 *
 * A relu whose sum is zero up to rounding passes the error in one arithmetic and stops it in another, and so does a tie in
 * a maximum pool. Both are honest, and the gradients differ by a column, far beyond what rounding does elsewhere: of a
 * model of 17,000 parameters, once in 10,000 iterations. So when the rule is broken, and only then, the gradient is taken
 * again with the weights moved by less than a rounding's worth, up and down: what moves with them was never decided.
 */
import type { Batch, Engine } from "#engine/types.js";
import type { Group } from "#engine/quanta.js";
import type { Hash } from "#kernel/crypto.js";
import { u32be } from "#kernel/bytes.js";
import { Loss, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Header } from "#proto/gen/pouw/v1/iteration.js";
import { Drbg } from "../draws/drbg.js";
import { f32From, fromBits } from "../floats.js";
import { H } from "../hash.js";
import { addMapTo } from "../state/map.js";
import { epochOf, lrBitsAt, positionOf } from "../log/positions.js";
import { sgdUpdate } from "../state/quantise.js";
import { type Fault, type Recomputed, tolerantFault, type TolerantClaim } from "./tolerant.js";

/** Each pair is a random sign for every weight, and its opposite: of one undecided sum the two give different sides. */
const PAIRS = 4;
/** Above what orders of summation make of a sum of 10^5 products, far below the bound on a smooth gradient. */
const MOVE = 2 ** -16;
/** What an undecided sum can break. */
const MOVABLE: ReadonlySet<string> = new Set(["map_hash", "residual_hash", "overdrive"]);
/** However many sums a task leaves undecided, half of the update stays bound: ε is not a task's choice. */
const MOST_SLACK = 2 ** -1;

export interface TolerantRerun {
  readonly hash: Hash;
  /** At the iteration's weights, to which it returns. */
  readonly engine: Pick<Engine, "batchSize" | "gradient" | "weights" | "makeWeights">;
  readonly batch: Batch;
  /** The residual that the iteration began with. */
  readonly before: Float32Array;
  readonly claim: TolerantClaim;
  readonly lrBits: number;
  readonly groups: readonly Group[];
  readonly regression: boolean;
  /** What the signs of the weights' moves are drawn from: the header's hash. */
  readonly seed: Uint8Array;
}

/** What a header says of its iteration, and the spec of how it was to be made. `residual` are the bytes that it hashes, where they are here. */
export function tolerantClaim(spec: TaskSpec, groups: readonly Group[], header: Header, map: Uint8Array, residual: Uint8Array | undefined): Pick<TolerantRerun, "claim" | "lrBits" | "groups" | "regression"> {
  const k = new Int32Array(groups.reduce((sum, g) => sum + g.size, 0));
  addMapTo(k, groups, map, 1);
  const { loss, accuracy, overdrive } = header;
  return {
    claim: { k, residual: residual && f32From(residual), loss, accuracy, overdrive, null: header.null },
    lrBits: lrBitsAt(spec, epochOf(spec, positionOf(spec, header.slot, header.seq))),
    groups,
    regression: spec.loss === Loss.LOSS_MEAN_SQUARED_ERROR,
  };
}

/** The rule that the claim breaks, and u' for whoever goes on from the iteration. */
export function rerunTolerant(o: TolerantRerun): { fault: Fault | undefined; update: Float32Array } {
  const lr = fromBits(o.lrBits);
  const { gradient, loss, correct } = o.engine.gradient(o.batch);
  const update = sgdUpdate(gradient, lr);
  const own: Recomputed = { residual: o.before, update, loss, correct: o.regression ? undefined : { rows: correct, of: o.engine.batchSize } };
  const fault = tolerantFault(o.claim, own, o.groups);
  if (!fault || !MOVABLE.has(fault.reason) || o.claim.null) return { fault, update };
  return { fault: tolerantFault(o.claim, { ...own, slack: slackOf(o, update, lr) }, o.groups), update };
}

/** By entry, the farthest that the update moved with the weights; all of it shrunk where it is too much of the update. */
function slackOf({ hash, engine, batch, seed }: TolerantRerun, update: Float32Array, lr: number): Float32Array {
  const n = update.length;
  const slack = new Float32Array(n);
  const weights = engine.weights().slice();
  try {
    for (let pair = 0; pair < PAIRS; pair++) {
      for (const direction of [MOVE, -MOVE]) {
        move(hash, engine.weights(), weights, direction, H(hash, "pouw/spread/1", seed, u32be(pair)));
        const moved = sgdUpdate(engine.gradient(batch).gradient, lr);
        for (let i = 0; i < n; i++) {
          const by = Math.abs((moved[i] as number) - (update[i] as number));
          if (by > (slack[i] as number)) slack[i] = by;
        }
      }
    }
  } finally {
    engine.makeWeights();
  }
  const [most, is] = [MOST_SLACK * norm(update), norm(slack)];
  if (is > most) slack.forEach((s, i) => (slack[i] = s * (most / is)));
  return slack;
}

/** w·(1 ± by), a bit of the seed's stream for each sign. */
function move(hash: Hash, out: Float32Array, weights: Float32Array, by: number, seed: Uint8Array): void {
  const random = new Drbg(hash, seed);
  let bits = 0;
  for (let i = 0; i < weights.length; i++) {
    if (i % 32 === 0) bits = random.u32();
    out[i] = (weights[i] as number) * (1 + ((bits >>> (i % 32)) & 1 ? by : -by));
  }
}

function norm(values: Float32Array): number {
  let squares = 0;
  for (const v of values) squares += v * v;
  return Math.sqrt(squares);
}
