import { type Host, type Kernels } from "#engine/kernels.js";
import { newMemory } from "#engine/memory.js";
import { KERNELS_BASE64 } from "#engine/wasm/kernels.js";

let compiled: Promise<WebAssembly.Module> | undefined;

/** The host that works everywhere: each engine has an instance and a memory of its own. */
export async function wasmHost(): Promise<Host> {
  compiled ??= WebAssembly.compile(Uint8Array.from(atob(KERNELS_BASE64), (c) => c.charCodeAt(0)));
  const memory = newMemory();
  const abort = () => {
    throw new Error("engine: a kernel aborted");
  };
  const instance = await WebAssembly.instantiate(await compiled, { env: { memory, abort } });
  return { name: "wasm", memory, kernels: instance.exports as unknown as Kernels };
}
