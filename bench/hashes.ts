/**
 * Ways to Node's sha256, and signatures beside them: microseconds a call. An iteration hashes some fifty short inputs (trees,
 * chain and model digests, one map), and one residual at the residual interval.
 */
import "#platform/install.js";
import * as nodeCryptoModule from "node:crypto";
import { createHash } from "node:crypto";
import { equalBytes } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { quick, reportRounds, takeTurns } from "./measure.js";

const ROUNDS = quick ? 1 : 7;
const bench = "hashes";
const hash = (nodeCryptoModule as unknown as { hash?: (a: string, b: Uint8Array, encoding: "buffer") => Buffer }).hash;

const ways: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  createHash: (b) => new Uint8Array(createHash("sha256").update(b).digest()),
  ...(hash ? { "crypto.hash to a Buffer": (b: Uint8Array) => new Uint8Array(hash("sha256", b, "buffer")) } : {}),
  "the platform's": nodeCrypto.sha256,
};

for (const length of [65, 440_000]) {
  const bytes = new Uint8Array(length).fill(3);
  const want = createHash("sha256").update(bytes).digest();
  for (const [name, way] of Object.entries(ways)) if (!equalBytes(way(bytes), want)) throw new Error(`bench: ${name} gives another sha256`);
  const calls = Math.ceil((quick ? 1e4 : 2e6) / (length + 100));
  const sides = Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, () => timed(calls, () => way(bytes))]));
  for (const side of Object.values(sides)) side();
  for (const [name, µs] of Object.entries(await takeTurns(ROUNDS, sides))) reportRounds({ bench, figure: `sha256 of ${length} bytes, ${name}`, unit: "µs" }, µs, 2);
}

const key = sessionKeyFromSeed(new Uint8Array(32).fill(1));
const message = new Uint8Array(32).fill(5);
const signature = key.sign(message);
if (!nodeCrypto.verifyEd25519(key.publicKey, message, signature)) throw new Error("bench: a signature does not verify");
const calls = quick ? 10 : 500;
const signatures = await takeTurns(ROUNDS, { sign: () => timed(calls, () => key.sign(message)), verify: () => timed(calls, () => nodeCrypto.verifyEd25519(key.publicKey, message, signature)) });
for (const [name, µs] of Object.entries(signatures)) reportRounds({ bench, figure: `ed25519, ${name}`, unit: "µs" }, µs, 1);

function timed(calls: number, run: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return (1000 * (performance.now() - start)) / calls;
}
