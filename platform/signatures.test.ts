import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "./crypto.js";
import { sessionKeyFromSeed } from "./keys.js";
import { type SignatureCheck, Signatures, SignaturesBusy } from "./signatures.js";

const keys = [1, 2, 3].map((n) => sessionKeyFromSeed(new Uint8Array(32).fill(n)));
/** Every third is not good, each in another way. */
function check(n: number): { check: SignatureCheck; good: boolean } {
  const key = keys[n % 3] as (typeof keys)[number];
  const message = nodeCrypto.sha256(Uint8Array.of(n & 255, n >> 8));
  const c = { key: key.publicKey, message, signature: key.sign(message) };
  switch (n % 15) {
    case 0: return { check: { ...c, signature: c.signature.map((b, i) => (i === n % 64 ? b ^ 1 : b)) }, good: false };
    case 3: return { check: { ...c, message: new Uint8Array(32) }, good: false };
    case 6: return { check: { ...c, signature: c.signature.slice(0, 63) }, good: false };
    case 9: return { check: { ...c, key: new Uint8Array(0) }, good: false };
    case 12: return { check: { ...c, key: keys[(n + 1) % 3]?.publicKey as Uint8Array }, good: false };
    default: return { check: c, good: true };
  }
}
const many = Array.from({ length: 700 }, (_, n) => check(n));

test("signatures are judged on other threads as they are here, asked for one by one or together", async (t) => {
  const signatures = new Signatures();
  const [together, single] = await Promise.all([signatures.verify(many.map((m) => m.check)), Promise.all(many.map(async (m) => (await signatures.verify([m.check]))[0]))]);
  t.deepEqual(together, many.map((m) => m.good));
  t.deepEqual(single, many.map((m) => m.good));
  t.deepEqual(await signatures.verify([]), []);
});

test("beyond what may wait a check is refused at once, and those before it are answered", async (t) => {
  const signatures = new Signatures({ maxWaiting: 10, atOnce: 2 });
  const at = (from: number, to: number) => many.slice(from, to);
  const ten = signatures.verify(at(0, 10).map((m) => m.check));
  const two = signatures.verify(at(10, 12).map((m) => m.check)); // two of the ten are at work
  await t.throwsAsync(signatures.verify([(many[1] as (typeof many)[number]).check]), { instanceOf: SignaturesBusy, message: /10 signatures wait/ });
  t.deepEqual(await ten, at(0, 10).map((m) => m.good));
  t.deepEqual(await two, at(10, 12).map((m) => m.good));
  t.deepEqual(await signatures.verify([(many[1] as (typeof many)[number]).check]), [true]);
});

test("a flood of checks leaves their turn to sockets and timers", async (t) => {
  const signatures = new Signatures();
  let turns = 0;
  const count = (): void => void (turns++, (timer = setImmediate(count)));
  let timer = setImmediate(count);
  for (let i = 0; i < 5; i++) t.deepEqual(await signatures.verify(many.slice(0, 160).map((m) => m.check)), many.slice(0, 160).map((m) => m.good));
  clearImmediate(timer);
  t.true(turns >= 40, `${turns} turns in 800 checks`);
});
