/** The recorded chain in other versions of Node: other V8s, with other compilers, sorts, zlibs and OpenSSLs. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { repositoryRoot } from "#platform/entry.js";

const VERSIONS = ["22", "24"];

test("a recorded chain gives its app hash at every height in Node 22 and 24", async (t) => {
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(join(repositoryRoot, "scripts", "replay-nodes"), VERSIONS, (_e, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }));
  });
  t.is(code, 0, stderr + stdout);
  const [, ...rows] = stdout.trim().split("\n");
  const majors = rows.map((row) => /^v(\d+)\./.exec(row)?.[1]);
  t.deepEqual(majors, [process.versions.node.split(".")[0], ...VERSIONS]);
  t.true(rows.every((row) => row.endsWith(" same")), stdout);
  t.is(new Set(rows.map((row) => row.split(/\s+/).slice(2).join(" "))).size, 1, stdout);
});
