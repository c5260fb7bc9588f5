/**
 * `modules/` and `protocol/` in headless Chromium: bundled without anything in Node's place, run with the pure crypto. A task's
 * course leaves the same state, events and answers as in Node with the native one, and the protocol's vectors pass.
 */
import { readdirSync } from "node:fs";
import test from "ava";
import { build, type BuildResult } from "esbuild";
import { nodeCrypto } from "#platform/crypto.js";
import { repositoryRoot } from "#platform/entry.js";
import { told } from "./chromium.js";
import type { Told } from "./page.js";
import { ran } from "./run.js";

/** What Node alone gives every program. A use of one is renamed, unless the file itself declares the name. */
const OF_NODE = ["Buffer", "process", "setImmediate", "__dirname", "__filename"];
const RENAMED = "ofNode$";

const bundle = (...imports: readonly string[]) =>
  build({
    stdin: { contents: imports.map((path) => `import ${JSON.stringify(path)};`).join("\n"), resolveDir: repositoryRoot, sourcefile: "every-file.js" },
    bundle: true, platform: "browser", conditions: ["source"], format: "esm", write: false, metafile: true, logLevel: "silent",
    define: Object.fromEntries(OF_NODE.map((name) => [name, `${RENAMED}${name}`])), absWorkingDir: repositoryRoot,
  });

const sources = (folder: string): string[] =>
  readdirSync(`${repositoryRoot}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".ts") && !f.endsWith(".test.ts"))
    .map((f) => `./${folder}/${f}`)
    .sort();

test("every file of modules/ and protocol/ loads in a browser; a course there ends in the same state, events and answers as in Node", async (t) => {
  t.timeout(180_000);
  const files = [...sources("modules"), ...sources("protocol")];
  const { outputFiles, metafile, warnings } = await bundle(...files, "./test/browser/page.ts");
  t.deepEqual(warnings, []);
  const inputs = Object.keys(metafile.inputs);
  t.deepEqual(files.filter((f) => !inputs.includes(f.slice(2))), []);
  t.deepEqual(inputs.filter((f) => f.includes("(disabled)")), [], "a package leaves out something of Node in browsers");
  t.deepEqual((outputFiles[0]?.text.match(/^.*ofNode\$.*$/gm) ?? []).map((line) => line.trim()), []);
  t.log("of app/:", inputs.filter((f) => f.startsWith("app/")).join(" "));

  const here = ran(nodeCrypto);
  t.deepEqual(here.outcomes, [1, 1], "both tasks were paid");
  t.deepEqual(here.refused, ["supervision/9", "work/12", "tasks/10", "tasks/3", "beacon/4"]);
  const seen = ["worker_registered", "task_created", "seat_drawn", "task_joined", "head_anchored", "reward_paid", "scores_revealed", "payout", "equivocation", "slash", "beacon_key_effective"];
  t.deepEqual(seen.filter((type) => !here.events.includes(type)), []);
  t.true(here.queries[0] >= 50, `${here.queries[0]} queries answered`);
  t.deepEqual(here.others.slice(1), [true, false, true, false]);

  const script = outputFiles[0]?.contents;
  const there = (await told({
    html: `<!doctype html><script type="module" src="/page.js"></script>`,
    strict: true,
    script: (path) => (path === "/page.js" ? script : undefined),
  })) as Told;
  t.regex(there.userAgent, /Chrome\//);
  t.deepEqual([there.ofNode, there.evaluates], [[], false]);
  t.deepEqual(there.ran, here);
  t.deepEqual(there.differing, []);
  t.log(there.userAgent);
});

test("what imports a Node built-in does not build", async (t) => {
  for (const path of ["node:crypto", "fs", "#platform/crypto.js"]) {
    const error = await t.throwsAsync<Error & Pick<BuildResult, "errors">>(bundle(path));
    t.regex(error?.errors[0]?.text ?? "", /Could not resolve "(node:)?(crypto|fs)"/, path);
  }
});

test("what a page does not catch fails its test", async (t) => {
  const page = { html: `<!doctype html><script type="module" src="/page.js"></script>`, strict: true };
  await t.throwsAsync(told({ ...page, script: () => "process.exit()" }), { message: /process is not defined/ });
  await t.throwsAsync(told({ ...page, script: () => "eval('1')" }), { message: /EvalError/ });
});
