/** What a miner may try in the tolerant profile: each makes another claim of an honest iteration, and keeps all else as it was. */
import { uniform } from "#engine/testing/models.js";
import { quantise, sgdUpdate } from "#protocol/state/quantise.js";
import type { Engine } from "#engine/types.js";
import type { TolerantClaim } from "#protocol/verification/tolerant.js";
import { batchOf, groupOf, type Signed, type Subject } from "./runs.js";

/** `worker` stands at the iteration's weights. */
export type Cheat = (s: Subject, worker: Engine, signed: Signed) => TolerantClaim;

/** The honest figures around what another update gives, so that map and residual alone can betray it. */
function byUpdate(s: Subject, { before, claim }: Signed, update: Float32Array): TolerantClaim {
  const { k, residual, overdrive } = quantise(before, update, groupOf(s));
  return { ...claim, k, residual, overdrive };
}

const updateOf = (s: Subject, worker: Engine, signed: Signed, batch = signed.batch): Float32Array => sgdUpdate(worker.gradient(batch).gradient, Math.fround(s.lr));

/** Ten entries one step off; the residual as it was, or moved along with the map. */
const altered = (along: boolean): Cheat => (s, _, { number, claim }) => {
  const [k, residual] = [claim.k.slice(), (claim.residual as Float32Array).slice()];
  const places = new Set<number>();
  for (let i = 0; places.size < 10; i++) places.add(Math.floor(((uniform(1, 1, 1 + number * 7919 + i * 104729)[0] as number) + 1) * 0.49999 * k.length));
  for (const at of places) {
    const now = k[at] as number;
    const step = now === s.levels ? -1 : now === -s.levels ? 1 : (at + number) % 2 === 0 ? 1 : -1;
    k[at] = now + step;
    if (along) residual[at] = Math.fround((residual[at] as number) - step * 2 ** s.quantumLog2);
  }
  return { ...claim, k, residual };
};

export const CHEATS: Readonly<Record<string, Cheat>> = {
  "ten entries of the map one step off": altered(false),
  "ten entries one step off, and the residual with them": altered(true),
  "a gradient scaled by 1.01": (s, worker, signed) => byUpdate(s, signed, updateOf(s, worker, signed).map((u) => Math.fround(1.01 * u))),
  "a gradient scaled by 0.995": (s, worker, signed) => byUpdate(s, signed, updateOf(s, worker, signed).map((u) => Math.fround(0.995 * u))),
  "a gradient of zeros": (s, _, signed) => byUpdate(s, signed, new Float32Array(signed.before.length)),
  "the batch of another position": (s, worker, signed) => byUpdate(s, signed, updateOf(s, worker, signed, batchOf(s, signed.number * 7 + 3001))),
  "half of the batch": (s, worker, signed) => {
    const { x, y } = signed.batch;
    const twice = <T extends Float32Array | Int32Array>(a: T): T => {
      const out = a.slice() as T;
      out.set(a.subarray(0, a.length / 2) as never, a.length / 2);
      return out;
    };
    return byUpdate(s, signed, updateOf(s, worker, signed, { x: twice(x), y: twice(y) }));
  },
  "no work at all: an empty map under the residual as it was": (_, __, { before, claim }) => ({ ...claim, k: new Int32Array(before.length), residual: before, overdrive: 0 }),
};
