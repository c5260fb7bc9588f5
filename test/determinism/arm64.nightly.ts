/** The golden runs on another kind of processor, under qemu: its V8 compiles the same WebAssembly to other instructions. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { repositoryRoot } from "#platform/entry.js";

test("the golden digests come out on 64-bit ARM", async (t) => {
  t.timeout(40 * 60_000);
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(join(repositoryRoot, "scripts", "golden-nodes"), ["arm64"], (_e, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }));
  });
  t.is(code, 0, stderr + stdout);
  t.true(stdout.trim().split("\n").every((row) => row.trim().endsWith("same")), stdout);
});
