/** Numbers of a seed, the same on every machine: mulberry32. */
export class Random {
  private state: number;

  constructor(seed: number) {
    // Seeds that stand beside each other begin far apart.
    this.state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  }

  /** 0 to 2^32 − 1 */
  private next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 to n − 1 */
  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }
  /** Of a hundred. */
  percent(n: number): boolean {
    return this.below(100) < n;
  }
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error("nothing to pick of");
    return list[this.below(list.length)] as T;
  }
  /** Nothing, where there is nothing. */
  some<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : this.pick(list);
  }
  big(below: bigint): bigint {
    return below <= 0n ? 0n : ((BigInt(this.next()) << 32n) | BigInt(this.next())) % below;
  }
  /** Mostly a part of what there is, now and then one, all of it, or one more than that. */
  amount(most: bigint): bigint {
    if (this.percent(4)) return this.pick([0n, 1n, most, most + 1n]);
    return 1n + this.big(most / BigInt(this.pick([1, 2, 10, 100])));
  }
  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
  /** In a random order. */
  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.below(left.length), 1)[0] as T);
  }
  weighted<T>(list: readonly (readonly [weight: number, item: T])[]): T {
    let at = this.below(list.reduce((sum, [w]) => sum + w, 0));
    for (const [w, item] of list) {
      if (at < w) return item;
      at -= w;
    }
    throw new Error("nothing has a weight");
  }
}
