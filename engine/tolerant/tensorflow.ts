/** @tensorflow/tfjs-node, where somebody installed it: an optional peer, see docs/decisions.md. */
import type { TensorFlow } from "./model.js";

const PACKAGE = "@tensorflow/tfjs-node";

export const NO_TENSORFLOW = `the profile tf-f32 is not available: install ${PACKAGE} 4.22 with its native library beside pouwd, or go on with wasm-f32-1`;

let loaded: Promise<TensorFlow | undefined> | undefined;

/** Loaded once per thread, and only when it is asked for; undefined where the package or its native library is missing. */
export const tensorFlow = (): Promise<TensorFlow | undefined> => (loaded ??= namespaceOf(() => import(PACKAGE as string)));

export async function namespaceOf(load: () => Promise<unknown>): Promise<TensorFlow | undefined> {
  try {
    const module = (await load()) as Partial<TensorFlow> & { default?: Partial<TensorFlow> };
    // CommonJS, whose names Node may or may not see from outside
    return [module, module.default].find((m): m is TensorFlow => typeof m?.variableGrads === "function");
  } catch {
    return undefined; // not installed, or its install step was kept from fetching the library
  }
}
