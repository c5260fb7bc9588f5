/** What must have happened over some seeds together: every message of the chain has succeeded but those that never can, and every event was there. */
import { definitions } from "#app/assemble.js";
import type { Simulation } from "./simulation.js";

export const NEVER: Readonly<Record<string, string>> = {
  "/cosmos.evidence.v1beta1.MsgSubmitEvidence": "no evidence is taken of a message: what validators did, the engine hands over with a block",
};

export class Coverage {
  private readonly done = new Map<string, number>();
  private readonly events = new Set<string>();
  private known: readonly string[] = [];
  twins = 0;

  add(s: Simulation): void {
    for (const [type, n] of s.done) this.done.set(type, (this.done.get(type) ?? 0) + n);
    for (const type of s.events) this.events.add(type);
    this.known = [...s.chain.app.messages.keys()];
    this.twins += s.twins;
  }

  /** Types that should have succeeded and did not, or the other way round. */
  get wrong(): string[] {
    return this.known.filter((type) => this.done.has(type) === type in NEVER).map((type) => `${type} ${this.done.has(type) ? "succeeded" : "never succeeded"}`);
  }

  /** Types of events that the modules declare and that never were. */
  get silent(): string[] {
    return [...new Set(definitions.flatMap((d) => Object.values(d.events).map((e) => e.type)))].filter((type) => !this.events.has(type));
  }
}
