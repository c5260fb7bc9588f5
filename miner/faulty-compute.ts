/** A compute thread's machine that misbehaves from some seq on (faults.ts). */
import { type Engine } from "#engine/types.js";
import type { Header } from "#proto/gen/pouw/v1/iteration.js";
import { seqOf } from "#protocol/log/positions.js";
import type { Iterated, IterateInput } from "#protocol/state/iterate.js";
import { Compute } from "./compute.js";
import { type Fault, FAULT_FROM, type Forked, misbehave, olderClock } from "./faults.js";
import { type ComputeSetup } from "./protocol.js";

export class FaultyCompute extends Compute {
  constructor(
    private readonly fault: Fault,
    setup: ComputeSetup,
    engine: Engine,
    now: () => number,
  ) {
    super(setup, engine, now);
  }

  private at(seq: bigint): Fault | undefined {
    // One fork is enough, and what follows it must chain to one side.
    if (this.fault === "equivocate" && seq !== FAULT_FROM) return undefined;
    return seq >= FAULT_FROM ? this.fault : undefined;
  }

  protected override isReady(round: bigint, height: bigint): boolean {
    return this.at(seqOf(round)) === "break-lag" || super.isReady(round, height);
  }

  protected override clockFor(slot: number, height: bigint): bigint[] {
    const clock = super.clockFor(slot, height);
    const seq = (clock[slot] as bigint) + 1n;
    return this.at(seq) === "break-lag" ? olderClock(clock, slot, this.last(slot).clock, this.spec.lag) : clock;
  }

  protected override make(input: IterateInput): Iterated {
    const fault = this.at(input.seq);
    return fault ? misbehave(fault, input) : super.make(input);
  }

  protected override besides(made: Iterated & Forked): object {
    return made.second ? { second: made.second } : {};
  }

  /** It knows why. */
  protected override redo(header: Header, map: Uint8Array): void {
    try {
      super.redo(header, map);
    } catch {
      return;
    }
  }

  /** It claims what it never ran. */
  override rerunNext(): ReturnType<Compute["rerunNext"]> {
    const done = super.rerunNext();
    return done && { ...done, agrees: true };
  }
}
