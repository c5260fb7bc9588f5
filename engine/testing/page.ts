/** In a page: every golden run, its digests sent to the server that the page came from. Nothing of Node is imported. */
import { createEngine } from "#engine/index.js";
import { optionsOf, RUNS, STEPS } from "#engine/testing/golden.js";
import { planOf } from "#engine/testing/models.js";
import { type Trace, traceOfRun } from "#engine/testing/trace.js";

interface Page {
  readonly crypto: { readonly subtle: { digest(name: "SHA-256", bytes: Uint8Array): Promise<ArrayBuffer> } };
  readonly navigator: { readonly userAgent: string };
  fetch(path: string, request: { method: "POST"; body: string }): Promise<unknown>;
}
const page = globalThis as unknown as Page;

async function digest(arrays: readonly ArrayBufferView[]): Promise<string> {
  const all = new Uint8Array(arrays.reduce((n, a) => n + a.byteLength, 0));
  let at = 0;
  for (const a of arrays) {
    all.set(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), at);
    at += a.byteLength;
  }
  return [...new Uint8Array(await page.crypto.subtle.digest("SHA-256", all))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

async function golden(): Promise<unknown> {
  const digests: Record<string, Record<string, string>> = {};
  let host = "";
  for (const { name, topology, ...o } of RUNS) {
    const plan = planOf(topology);
    const engine = await createEngine(plan, optionsOf(plan, o));
    ({ host } = engine);
    const trace: Trace = traceOfRun(engine, o.loss, STEPS, o);
    digests[name] = Object.fromEntries(await Promise.all(Object.entries(trace).map(async ([k, v]) => [k, await digest(v)] as const)));
  }
  return { userAgent: page.navigator.userAgent, host, digests };
}

const told = await golden().catch((e: Error) => ({ error: `${e.message} ${e.stack}` }));
await page.fetch("/told", { method: "POST", body: JSON.stringify(told) });
