/** Engines of the exact profile. Host "native" or "wasm" changes the time and not one bit. */
import type { ModelPlan } from "#engine/topology/index.js";
import { ExactEngine, checkFits } from "#engine/exact.js";
import type { Host } from "#engine/kernels.js";
import { sameBits } from "#engine/self-test.js";
import type { Engine, EngineOptions } from "#engine/types.js";
import { wasmHost } from "#engine/wasm/host.js";

export type { Batch, Engine, EngineOptions, StepOptions, StepResult } from "#engine/types.js";

/** "auto" takes native kernels when a build is there and passes the self-test, else WebAssembly. */
export async function createEngine(plan: ModelPlan, options: EngineOptions): Promise<Engine> {
  checkFits(plan, options.batchSize);
  return new ExactEngine(plan, options, await chooseHost(options.host ?? "auto"));
}

export async function chooseHost(wanted: "wasm" | "native" | "auto"): Promise<Host> {
  if (wanted === "wasm") return wasmHost();
  const native = await trustedNative();
  if (native) return native();
  if (wanted === "native") throw new Error("engine: no native kernels that pass the self-test on this machine, run engine/native/build.ts (needs gcc) or use host wasm");
  return wasmHost();
}

let trusted: Promise<(() => Promise<Host>) | undefined> | undefined;

/** The maker of native hosts, if their bits are WebAssembly's; found out once per process. */
function trustedNative(): Promise<(() => Promise<Host>) | undefined> {
  trusted ??= (async () => {
    // A page has no addons, and none of the modules that would look for one.
    if (typeof process === "undefined" || !process.versions?.node) return undefined;
    const { nativeHost } = await import("#engine/native/host.js");
    if (!nativeHost()) return undefined;
    const make = async () => nativeHost() as Host;
    return (await sameBits(wasmHost, make)) ? make : undefined;
  })();
  return trusted;
}
