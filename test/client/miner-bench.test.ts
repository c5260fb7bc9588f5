import test from "ava";
import { run } from "./pouwd.js";

const around = { home: "/nonexistent", node: "http://127.0.0.1:1" };

test("pouwd miner bench wants no key, no home and no node, and answers one JSON object", async (t) => {
  const { code, stdout, stderr } = await run(["miner", "bench", "--json"], around);
  t.is(code, 0, stderr);
  t.is(stderr, "");
  const b = JSON.parse(stdout) as { cores: number; seats: number; rows: Record<string, unknown>[] };
  t.true(b.cores >= 1 && b.seats >= 0);
  for (const model of ["mlp", "lenet"]) t.true(b.rows.some((r) => r.model === model && r.host === "wasm"), model);
  for (const field of ["iterationsPerSecond", "samplesPerSecond", "gigaflopPerSecond", "peakBytes", "seats"]) t.true(b.rows.every((r) => typeof r[field] === "number"), field);
});

test("pouwd miner still asks for its home and its key, in one line", async (t) => {
  for (const [args, missing] of [[["miner"], "--home <dir>"], [["miner", "--home", "x"], "--key-file <file>"]] as const) {
    const { code, lines } = await run(args, around);
    t.is(code, 1);
    t.deepEqual(lines, [`✖ required option '${missing}' not specified. --help after a command shows what it takes.`]);
  }
});
