/** TensorFlow.js with its native library, where somebody installed it: an optional peer, see docs/decisions.md. */
import type { TensorFlow } from "./model.js";

/** The GPU's is @tensorflow/tfjs-node-gpu; a test takes @tensorflow/tfjs, which has no library and is slow. */
export const TENSORFLOW = "@tensorflow/tfjs-node";

export const noTensorFlow = (name = TENSORFLOW): string => `the profile tf-f32 is not available, ${name} or its native library is missing: npm install --no-save ${name}@4.22.0, or go on with wasm-f32-1`;

/** Loaded only when it is asked for; undefined where the package or its native library is missing. */
export const tensorFlow = (name = TENSORFLOW): Promise<TensorFlow | undefined> => namespaceOf(() => import(name));

export async function namespaceOf(load: () => Promise<unknown>): Promise<TensorFlow | undefined> {
  try {
    const module = (await load()) as Partial<TensorFlow> & { default?: Partial<TensorFlow> };
    // CommonJS, whose names Node may or may not see from outside
    return [module, module.default].find((m): m is TensorFlow => typeof m?.variableGrads === "function");
  } catch {
    return undefined; // not installed, or its install step was kept from fetching the library
  }
}
