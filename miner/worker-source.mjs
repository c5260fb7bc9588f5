// Loads the compute thread from TypeScript source: a worker thread does not have the loader of the main thread.
import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
