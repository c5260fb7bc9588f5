/** Worker threads from compiled sources and from TypeScript alike. */
import { Worker } from "node:worker_threads";

/** Starts `file` (beside `self`, without its ending) as a worker thread; its workerData holds `data`; `env` is added to the environment. */
export function startThread(self: string, file: string, data: unknown, env: Readonly<Record<string, string>> = {}): Worker {
  const source = new URL(self).pathname.endsWith(".ts");
  const entry = new URL(`${file}.${source ? "ts" : "js"}`, self).href;
  return new Worker(source ? new URL("./thread-source.mjs", import.meta.url) : new URL(entry), { workerData: { entry, data }, env: { ...process.env, ...env } });
}
