/** Own iterations run again by the compute thread, which answers when it comes to it. */
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type LogStore } from "#net/log-store.js";
import { type FromCompute, type ToCompute } from "./protocol.js";
import { type ResidualStore } from "./residuals.js";

export interface Rerun {
  /** whether the map that was signed came out */
  readonly agrees: boolean;
  readonly residual: Uint8Array;
}

/** The most iterations that are run again at once: their messages go over to the compute thread. */
export const MAX_RERUN = 256n;

export class Reruns {
  private readonly waiting = new Map<number, { resolve(r: Rerun): void; reject(e: Error): void }>();
  private nextId = 1;

  constructor(
    private readonly post: (m: ToCompute) => void,
    private readonly residuals: Pick<ResidualStore, "atOrBelow">,
    private readonly store: Pick<LogStore, "range">,
  ) {}

  /** From the newest residual that is kept below `seq`, else from the zeros of the start. Throws where that is too far. */
  async run(slot: number, seq: bigint): Promise<Rerun> {
    const base = await this.residuals.atOrBelow(slot, seq - 1n);
    const first = (base?.seq ?? 0n) + 1n;
    if (seq - first >= MAX_RERUN) throw new Error(`the newest residual before ${slot}/${seq} is after seq ${first - 1n}: it is not run again over more than ${MAX_RERUN} iterations`);
    const messages: Iteration[] = [];
    for await (const { bytes } of this.store.range(slot, first, seq)) messages.push(Iteration.decode(bytes));
    if (BigInt(messages.length) !== seq - first + 1n) throw new Error(`own messages ${slot}/${first} … ${seq} are not all on disk`);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.post({ kind: "rerun", id, messages: messages.map(({ header, map }) => ({ header: header.slice(), map: map.slice() })), residual: base?.residual });
    });
  }

  reran({ id, agrees, residual }: Extract<FromCompute, { kind: "reran" }>): void {
    this.waiting.get(id)?.resolve({ agrees, residual });
    this.waiting.delete(id);
  }

  /** The compute thread died with what it had to do. */
  lost(): void {
    for (const { reject } of this.waiting.values()) reject(new Error("the compute thread died: ask again"));
    this.waiting.clear();
  }
}
