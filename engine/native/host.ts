import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Host, Kernels } from "#engine/kernels.js";
import { newMemory } from "#engine/memory.js";
import { type Place, nativePlace } from "#engine/native/place.js";

type Addon = { [name in keyof Kernels]: (buffer: ArrayBuffer, ...numbers: number[]) => unknown };

/** The addon over a memory like WebAssembly's, when a build for this machine lies in the cache. Its bits are not yet checked. */
export function nativeHost(place = nativePlace()): Host | undefined {
  const addon = loadAddon(place);
  if (!addon) return undefined;
  const memory = newMemory();
  const kernels: Record<string, unknown> = {};
  // The buffer is asked for at every call: it is another object after the memory has grown.
  for (const [name, call] of Object.entries(addon)) kernels[name] = (...numbers: number[]) => call(memory.buffer, ...numbers);
  return { name: "native", memory, kernels: kernels as unknown as Kernels };
}

function loadAddon(place: Place | undefined): Addon | undefined {
  if (!place || !existsSync(place.addon)) return undefined;
  try {
    return createRequire(import.meta.url)(place.addon) as Addon;
  } catch {
    return undefined;
  }
}
