import test from "ava";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./pouwd.js";

test("pouwd export of a folder without state is refused in one line, and its options before that", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "pouwd-export-"));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const refused = async (args: string[], line: RegExp) => {
    const { code, stdout, lines } = await run(["export", ...args], { home: "/nonexistent", node: "http://127.0.0.1:1" });
    t.deepEqual([code, stdout, lines.length], [1, "", 1], lines.join("\n"));
    t.regex(lines[0] ?? "", line);
  };
  await refused(["--home", home], /^✖ .*missing/);
  await refused(["--home", home, "--height", "soon"], /^✖ .*want the number of a block/);
  await refused([], /^✖ \/nonexistent\/data\/application is missing/);
});
