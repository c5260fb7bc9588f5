// Loads a thread from TypeScript source: a worker thread does not have the loader of the main thread.
import { workerData } from "node:worker_threads";
import { register } from "tsx/esm/api";

register();
await import(workerData.entry);
