/** Own iterations run again by the compute thread, which answers when it comes to it. */
import { type FromCompute, type ToCompute } from "./protocol.js";
import { type ResidualStore } from "./residuals.js";

export interface Rerun {
  /** whether the map that was signed came out */
  readonly agrees: boolean;
  readonly residual: Uint8Array;
}

export class Reruns {
  private readonly waiting = new Map<number, { resolve(r: Rerun): void; reject(e: Error): void }>();
  private nextId = 1;

  constructor(
    private readonly post: (m: ToCompute) => void,
    private readonly residuals: Pick<ResidualStore, "atOrBelow">,
  ) {}

  /** From the newest residual that is kept below `seq`, else from the zeros of the start. */
  async run(slot: number, seq: bigint): Promise<Rerun> {
    const base = (await this.residuals.atOrBelow(slot, seq - 1n)) ?? { seq: 0n, residual: new Uint8Array(0) };
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.post({ kind: "rerun", id, slot, seq, residualSeq: base.seq, residual: base.residual });
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
