/** Own iterations run again by the compute thread, which answers when it comes to it. */
import { type ComputeThread, type FromCompute } from "./protocol.js";
import { type ResidualStore } from "./residuals.js";

export interface Rerun {
  /** whether the map that was signed came out */
  readonly agrees: boolean;
  readonly residual: Uint8Array;
}

export class Reruns {
  private readonly waiting = new Map<number, (r: Rerun) => void>();
  private nextId = 1;

  constructor(
    private readonly compute: Pick<ComputeThread, "post">,
    private readonly residuals: Pick<ResidualStore, "atOrBelow">,
  ) {}

  /** From the newest residual that is kept below `seq`, else from the zeros of the start. */
  async run(slot: number, seq: bigint): Promise<Rerun> {
    const base = (await this.residuals.atOrBelow(slot, seq - 1n)) ?? { seq: 0n, residual: new Uint8Array(0) };
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.compute.post({ kind: "rerun", id, slot, seq, residualSeq: base.seq, residual: base.residual });
    });
  }

  reran({ id, agrees, residual }: Extract<FromCompute, { kind: "reran" }>): void {
    this.waiting.get(id)?.({ agrees, residual });
    this.waiting.delete(id);
  }
}
