/** Runs a machine (protocol/machine.ts): gives it one input after the other, has its effects done, and writes a trace where one is wanted. */
import { openTrace, type Trace } from "#platform/trace.js";
import { type Machine, traced } from "#protocol/machine.js";

export interface DriverOptions<E> {
  /** of the trace's file */
  readonly name: string;
  /** what replays it, and what the machine was made with */
  readonly kind: string;
  readonly facts: unknown;
  /** ms, never less than before */
  now(): number;
  perform(effect: E): void;
}

export class MachineDriver<I, E> {
  readonly #machine: Machine<I, E>;
  readonly #trace: Trace | undefined;
  readonly #inputs: I[] = [];
  #stepping = false;

  constructor(
    machine: Machine<I, E>,
    private readonly o: DriverOptions<E>,
  ) {
    const trace = (this.#trace = openTrace(o.name));
    this.#machine = trace ? traced(machine, o.kind, o.facts, (line) => trace.line(line)) : machine;
  }

  /** Effects that bring further inputs do so in their turn. */
  step(input: I): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.#machine.step(next, this.o.now())) this.o.perform(effect);
      }
    } finally {
      this.#stepping = false;
    }
  }

  async close(): Promise<void> {
    await this.#trace?.close();
  }
}
