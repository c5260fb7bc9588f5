/** A thread that checks ed25519 signatures: packed checks in, one byte each out. */
import { parentPort } from "node:worker_threads";
import { nodeCrypto } from "./crypto.js";
import { unpackChecks } from "./signatures.js";

const port = parentPort;
if (!port) throw new Error("platform/signatures-worker.ts runs as a worker thread only");

port.on("message", (packed: Uint8Array) => {
  const good = Uint8Array.from(unpackChecks(packed), ({ key, message, signature }) => (nodeCrypto.verifyEd25519(key, message, signature) ? 1 : 0));
  port.postMessage(good, [good.buffer as ArrayBuffer]);
});
