/** The golden runs in other versions of Node: other V8s, which compile WebAssembly in their own ways. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { repositoryRoot } from "#platform/entry.js";

test("the golden digests come out in Node 22 and 24 as well, on both hosts", async (t) => {
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(join(repositoryRoot, "scripts", "golden-nodes"), ["22", "24"], (_e, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }));
  });
  t.is(code, 0, stderr + stdout);
  const rows = stdout.trim().split("\n").map((row) => row.split(/\s+/));
  t.deepEqual(rows.map(([node, , , , verdict]) => [/^v(\d+)/.exec(node ?? "")?.[1], verdict]), ["20", "20", "22", "22", "24", "24"].map((v, i) => [i < 2 ? process.versions.node.split(".")[0] : v, "same"]));
  t.true(rows.filter(([, host]) => host === "wasm").length >= 3, "WebAssembly in each");
});
