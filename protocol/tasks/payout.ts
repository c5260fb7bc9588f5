/** How the miners' part of a pot is divided. One floor per amount; what the floors leave is the caller's to give away. */

const MILLION = 1_000_000n;

export interface MinerResult {
  /** Higher is better; undefined for a slot closed for a fault, which has no rank. */
  metric: bigint | undefined;
  /** F × own anchored iterations; 0 after a fault. */
  work: bigint;
}

/** `share` parts per million of an amount. */
export const ppmOf = (amount: bigint, share: number | bigint): bigint => (amount * BigInt(share)) / MILLION;

/**
 * Amounts by slot. ⌊Pw·v/Σv⌋ for work and ⌊Pr·G·v/(W·Σ_group v)⌋ for rank: rank r of R slots weighs R − r + 1, equal
 * metrics pool their weights (G) and divide them by verified work. A zero denominator pays 0.
 */
export function minersPayout(part: bigint, rankSharePpm: number | bigint, slots: readonly MinerResult[]): bigint[] {
  const forRank = ppmOf(part, rankSharePpm);
  const forWork = part - forRank;
  const allWork = slots.reduce((s, x) => s + x.work, 0n);
  const amounts = slots.map((s) => (allWork > 0n ? (forWork * s.work) / allWork : 0n));

  const ranked = slots.map((_, i) => i).filter((i) => slots[i]?.metric !== undefined);
  ranked.sort((a, b) => descending(slots[a] as MinerResult, slots[b] as MinerResult) || a - b);
  const R = BigInt(ranked.length);
  const allWeights = (R * (R + 1n)) / 2n;
  for (let from = 0; from < ranked.length; ) {
    let to = from;
    let weights = 0n;
    let work = 0n;
    while (to < ranked.length && slots[ranked[to] as number]?.metric === slots[ranked[from] as number]?.metric) {
      weights += R - BigInt(to);
      work += (slots[ranked[to] as number] as MinerResult).work;
      to++;
    }
    if (work > 0n) {
      for (let i = from; i < to; i++) {
        const slot = ranked[i] as number;
        amounts[slot] = (amounts[slot] as bigint) + (forRank * weights * (slots[slot] as MinerResult).work) / (allWeights * work);
      }
    }
    from = to;
  }
  return amounts;
}

function descending(a: MinerResult, b: MinerResult): number {
  const [x, y] = [a.metric as bigint, b.metric as bigint];
  return x > y ? -1 : x < y ? 1 : 0;
}
