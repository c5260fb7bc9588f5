/** Quantum groups as the kernels read them: the table of words that wasm/assembly/map.ts describes. */
import type { Group } from "#engine/quanta.js";

/** Of a group, before its runs. */
const GROUP_WORDS = 8;
const OVERDRIVE = 6;

export function quantaTable(groups: readonly Group[]): Int32Array {
  const starts = startsOf(groups);
  const last = groups.at(-1);
  const words = new Int32Array((starts.at(-1) ?? 1) + GROUP_WORDS + 2 * (last?.runs.length ?? 0));
  const floats = new Float32Array(words.buffer);
  words[0] = groups.length;
  groups.forEach(({ runs, size, levels, q, bound }, g) => {
    const at = starts[g] as number;
    words.set([runs.length, size, levels], at);
    floats.set([q, 1 / q, bound], at + 3);
    words.set(runs.flatMap((r) => [r.offset, r.size]), at + GROUP_WORDS);
  });
  return words;
}

/** By group, the word that says how many entries of the last iteration were due more than its levels. */
export const overdriveWords = (groups: readonly Group[]): number[] => startsOf(groups).map((at) => at + OVERDRIVE);

function startsOf(groups: readonly Group[]): number[] {
  let next = 1;
  return groups.map(({ runs }) => {
    const at = next;
    next += GROUP_WORDS + 2 * runs.length;
    return at;
  });
}
