import "#platform/install.js";
import test from "ava";
import { DECODERS, fuzz } from "./decoders.js";

const COUNT = 20_000;
const SEED = 20_261_129;

for (const d of DECODERS) {
  test(`${d.name}: bytes of strangers are accepted whole or refused`, (t) => {
    const done = fuzz(d, COUNT, SEED);
    t.is(done.inputs, COUNT);
    t.true(done.refused > COUNT / 10, `${done.refused} refused`);
    if (d.bases.length > 0) t.true(done.accepted > COUNT / 100, `${done.accepted} accepted`);
  });
}

test("a decoder that crashes is found, and said with its seed", (t) => {
  const d = { ...(DECODERS[0] as (typeof DECODERS)[number]), take: (b: Uint8Array) => void (b.length > 30 && (undefined as never as { x: { y: number } }).x.y) };
  t.throws(() => fuzz(d, 1_000, 1), { message: /input \d+ of seed 1, [0-9a-f]+: TypeError/ });
});
