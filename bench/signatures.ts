/** A session's signature checked here or on other threads: microseconds of the calling thread for each, and how many a second. */
import "#platform/install.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { type SignatureCheck, Signatures } from "#platform/signatures.js";
import { quick, reportRounds, takeTurns } from "./measure.js";

const ROUNDS = quick ? 1 : 7;
const CALLS = quick ? 256 : 8192;
const bench = "signatures";
const key = sessionKeyFromSeed(new Uint8Array(32).fill(1));
const checks: SignatureCheck[] = Array.from({ length: CALLS }, (_, i) => {
  const message = nodeCrypto.sha256(Uint8Array.of(i & 255, i >> 8));
  return { key: key.publicKey, message, signature: key.sign(message) };
});

const pool = new Signatures();
const rates: number[] = [];

/** µs of this thread for each */
const ways = {
  "on this thread": async (): Promise<number> => {
    const began = performance.now();
    for (const c of checks) if (!nodeCrypto.verifyEd25519(c.key, c.message, c.signature)) throw new Error("bench: a good signature is refused");
    return ((performance.now() - began) / CALLS) * 1000;
  },
  "on other threads, asked for one at a time": async (): Promise<number> => {
    const idle = performance.eventLoopUtilization();
    const began = performance.now();
    const good = await Promise.all(checks.map((c) => pool.verify([c])));
    rates.push(CALLS / ((performance.now() - began) / 1000));
    if (!good.every(([g]) => g)) throw new Error("bench: a good signature is refused");
    return (performance.eventLoopUtilization(idle).active / CALLS) * 1000;
  },
};

for (const way of Object.values(ways)) await way();
rates.length = 0;
for (const [name, µs] of Object.entries(await takeTurns(ROUNDS, ways))) reportRounds({ bench, figure: `a signature checked ${name}`, unit: "µs" }, µs, 1);
reportRounds({ bench, figure: "on other threads, all at once", unit: "/s" }, rates);
