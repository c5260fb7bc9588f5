import "#platform/install.js";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { casesOf, checkCase } from "./check.js";
import { operations, type Json } from "./operations.js";

const file = fileURLToPath(new URL("protocol.json", import.meta.url));
const script = fileURLToPath(new URL("../../scripts/check-vectors", import.meta.url));
const known = operations(nodeCrypto);
const cases = casesOf(JSON.parse(readFileSync(file, "utf8")));

test("every public case passes", (t) => {
  for (const [i, c] of cases.entries()) t.is(checkCase(known, c), undefined, `case ${i} (${c.op})`);
});

test("every operation has a public case", (t) => {
  t.deepEqual([...new Set(cases.map((c) => c.op))].sort(), Object.keys(known).sort());
});

/** Every way to change one leaf of a case's output. */
function* mutations(value: Json): Generator<Json> {
  if (value === null) yield "accepted";
  else if (typeof value === "boolean") yield !value;
  else if (typeof value === "number") yield value + 1;
  else if (typeof value === "string") {
    yield `${value}00`;
    if (value.length > 0) {
      const last = value.at(-1) as string;
      yield value.slice(0, -1) + (last === "0" ? "1" : "0");
    }
  } else if (Array.isArray(value)) {
    yield [...value, "00"];
    if (value.length > 0) yield value.slice(1);
    for (const [i, v] of value.slice(0, 40).entries()) for (const m of mutations(v)) yield value.with(i, m);
  } else {
    yield { ...value, surplus: 0 };
    for (const [k, v] of Object.entries(value)) {
      const { [k]: _, ...without } = value;
      yield without;
      for (const m of mutations(v)) yield { ...value, [k]: m };
    }
  }
}

test("every case with any part of its output changed fails", (t) => {
  let tried = 0;
  for (const [i, c] of cases.entries()) {
    for (const out of mutations(c.out)) {
      tried++;
      if (checkCase(known, { ...c, out }) === undefined) t.fail(`case ${i} (${c.op}) passes with ${JSON.stringify(out).slice(0, 200)}`);
    }
  }
  t.true(tried > 3 * cases.length, `${tried} changes tried`);
});

test("an unknown op fails", (t) => {
  t.regex(checkCase(known, { op: "toString", in: {}, out: "[object Object]" }) ?? "", /unknown op "toString"/);
});

test("a malformed encoding that is accepted would fail, and a canonical one listed as refused does", (t) => {
  t.is(checkCase(known, { op: "map_refused", in: { n: 10, levels: 1, bytes: "00" }, out: null }), 'out: got "accepted", want null');
});

test("the script counts, says what differs and exits non-zero", (t) => {
  const good = execFileSync(script, [file], { encoding: "utf8" });
  t.is(good, `${cases.length} passed, 0 failed\n`);
  const dir = mkdtempSync(join(tmpdir(), "vectors-"));
  try {
    const path = join(dir, "wrong.json");
    writeFileSync(path, JSON.stringify({ cases: [{ ...cases[0], out: "00" }, { op: "other", in: 0, out: 0 }] }));
    const bad = spawnSync(script, [file, path], { encoding: "utf8" });
    t.is(bad.status, 1);
    t.regex(bad.stdout, new RegExp(`case 0 \\(hash\\): out: got .*, want "00"\\n.*unknown op "other".*\\n${cases.length} passed, 2 failed\\n$`));
    const none = spawnSync(script, [], { encoding: "utf8" });
    t.is(none.status, 2);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
