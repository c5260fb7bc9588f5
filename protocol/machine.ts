/**
 * What every daemon's machine is: inputs in, effects out, nothing else. A machine has no promise, no clock, no randomness
 * and no Node import (scripts/check-machines.ts); its driver does the effects and brings back what comes of them.
 *
 * Inputs and effects are plain data, so a run can be written down and replayed: `canonical` gives them one text.
 */
import { fromHex, toHex } from "#kernel/bytes.js";

export interface Machine<Input, Effect> {
  /** `now`: ms of the driver's clock, never less than before. */
  step(input: Input, now: number): Effect[];
}

/** JSON with fields in their order, bytes as {"#b": hex}, bigints as {"#n": decimal}, maps as {"#m": entries}; undefined fields are left out. */
export function canonical(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return { "#n": value.toString() };
  if (value instanceof Uint8Array) return { "#b": toHex(value) };
  if (value instanceof Map) return { "#m": [...value].map(([k, v]) => [plain(k), plain(v)]) };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(value)) if (v !== undefined) out[k] = plain(v);
  return out;
}

/** What `canonical` wrote. */
export function fromCanonical(text: string): unknown {
  return rich(JSON.parse(text) as unknown);
}

function rich(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rich);
  if (value === null || typeof value !== "object") return value;
  const o = value as Record<string, unknown>;
  if (typeof o["#n"] === "string") return BigInt(o["#n"]);
  if (typeof o["#b"] === "string") return fromHex(o["#b"]);
  if (Array.isArray(o["#m"])) return new Map((o["#m"] as [unknown, unknown][]).map(([k, v]) => [rich(k), rich(v)]));
  return Object.fromEntries(Object.entries(o).map(([k, v]) => [k, rich(v)]));
}

/** The same machine, with each step told: what replayTrace repeats. `setup` is what the machine was made with. */
export function traced<I, E>(machine: Machine<I, E>, kind: string, setup: unknown, tell: (line: string) => void): Machine<I, E> {
  tell(canonical({ machine: kind, setup }));
  return {
    step(input, now) {
      const effects = machine.step(input, now);
      tell(canonical({ now, input, effects }));
      return effects;
    },
  };
}

export interface Replayed {
  readonly machine: string;
  readonly steps: number;
  readonly effects: number;
}

/** Gives a machine the inputs of a trace. Throws at the first step whose effects are not those that were written down, byte for byte. */
export function replayTrace(lines: Iterable<string>, make: (machine: string, setup: unknown) => Machine<unknown, unknown>): Replayed {
  let machine: Machine<unknown, unknown> | undefined;
  let kind = "";
  let steps = 0;
  let effects = 0;
  for (const line of lines) {
    if (!machine) {
      const head = fromCanonical(line) as { machine: string; setup: unknown };
      kind = head.machine;
      machine = make(kind, head.setup);
      continue;
    }
    const { now, input, effects: wanted } = fromCanonical(line) as { now: number; input: unknown; effects: unknown };
    const got = canonical(machine.step(input, now));
    steps++;
    effects += (wanted as unknown[]).length;
    const want = canonical(wanted);
    if (got !== want) throw new Error(`${kind}, step ${steps}: other effects than were written down\n  got  ${got.slice(0, 600)}\n  want ${want.slice(0, 600)}`);
  }
  return { machine: kind, steps, effects };
}
