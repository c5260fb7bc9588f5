/** A store as JSON and back: genesis export of modules whose state has no form that a person would write. */
import { fromHex, toHex } from "./bytes.js";
import { type View } from "./store.js";

export type Dump = [key: string, value: string][];

/** Every key and value, hexadecimal, ascending. */
export function dumpStore(ctx: View, name: string): Dump {
  const out: Dump = [];
  for (const [k, v] of ctx.store(name).iterate()) out.push([toHex(k), toHex(v)]);
  return out;
}

/** Writes a dump into an empty store. Throws with a one-line reason. */
export function loadStore(ctx: View, name: string, dump: unknown): void {
  if (!Array.isArray(dump)) throw new Error(`app_state.${name}.entries: got ${typeof dump}, want a list of [key, value]; take it from an export`);
  for (const entry of dump as unknown[]) {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== "string" || typeof entry[1] !== "string") {
      throw new Error(`app_state.${name}.entries: got ${JSON.stringify(entry).slice(0, 80)}, want [hex key, hex value]; take it from an export`);
    }
    ctx.store(name).set(fromHex(entry[0]), fromHex(entry[1]));
  }
}
