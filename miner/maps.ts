/**
 * The maps that the compute thread has in memory: the newest, within a budget, and besides them what it was lent to reach an
 * older clock. Whatever is not here is in the log on disk, and is asked for (see worker.ts): so nothing needs to stay.
 */

/** the objects around a map, bytes */
const AROUND = 160;

export interface LentMap {
  readonly map: Uint8Array;
  /** of the iteration that the map is of */
  readonly chainDigest: Uint8Array;
}

interface SlotMaps {
  /** seq of the first one that is here */
  first: number;
  maps: Uint8Array[];
  /** how many at the front of `maps` are gone */
  gone: number;
}

export class Maps {
  private slots: SlotMaps[];
  /** slots in the order in which maps came; those before `next` are gone */
  private order: number[] = [];
  private next = 0;
  private size = 0;
  private readonly lent = new Map<string, LentMap>();
  private lentSize = 0;

  constructor(
    slots: number,
    private readonly budget: number,
    private readonly lentBudget = budget,
  ) {
    this.slots = Array.from({ length: slots }, () => ({ first: 1, maps: [], gone: 0 }));
  }

  /** The next map of the slot is that of this seq + 1. */
  startAt(slot: number, seq: bigint): void {
    this.slots[slot] = { first: Number(seq) + 1, maps: [], gone: 0 };
  }

  push(slot: number, map: Uint8Array): void {
    (this.slots[slot] as SlotMaps).maps.push(map);
    this.order.push(slot);
    this.size += map.length + AROUND;
  }

  /** Whether more is here than may be: what counts is to be added to K, and then trim. */
  get full(): boolean {
    return this.size > this.budget;
  }

  /** Drops the oldest, down to nine tenths of the budget. */
  trim(): void {
    while (this.size > this.budget * 0.9 && this.next < this.order.length) {
      const s = this.slots[this.order[this.next++] as number] as SlotMaps;
      this.size -= (s.maps[s.gone] as Uint8Array).length + AROUND;
      s.maps[s.gone++] = EMPTY;
      if (s.gone * 2 > s.maps.length) {
        s.maps = s.maps.slice(s.gone);
        s.first += s.gone;
        s.gone = 0;
      }
    }
    if (this.next * 2 > this.order.length) {
      this.order = this.order.slice(this.next);
      this.next = 0;
    }
  }

  readonly of = (slot: number, seq: bigint): Uint8Array | undefined => {
    const s = this.slots[slot];
    if (!s) return undefined;
    const at = Number(seq) - s.first;
    return at >= s.gone && at < s.maps.length ? s.maps[at] : this.lent.get(`${slot}/${seq}`)?.map;
  };

  readonly chainDigestOf = (slot: number, seq: bigint): Uint8Array | undefined => this.lent.get(`${slot}/${seq}`)?.chainDigest;

  /** What was asked for; the oldest of it goes where there is too much. */
  lend(slot: number, first: bigint, maps: readonly LentMap[]): void {
    maps.forEach((m, i) => {
      const key = `${slot}/${first + BigInt(i)}`;
      const old = this.lent.get(key);
      if (old) this.lentSize -= old.map.length + AROUND;
      this.lent.delete(key);
      this.lent.set(key, m);
      this.lentSize += m.map.length + AROUND;
    });
    for (const [key, m] of this.lent) {
      // what was lent just now stays, however large
      if (this.lentSize <= this.lentBudget || this.lent.size <= maps.length) return;
      this.lent.delete(key);
      this.lentSize -= m.map.length + AROUND;
    }
  }

  /** bytes that are held */
  get held(): number {
    return this.size + this.lentSize;
  }
}

const EMPTY = new Uint8Array(0);
