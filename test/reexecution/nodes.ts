/** Runs scripts/reexecute-nodes and holds it to its promise. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { type ExecutionContext } from "ava";
import { repositoryRoot } from "#platform/entry.js";

interface Run {
  readonly node: string;
  readonly host: string;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export async function reExecuteInNodes(t: ExecutionContext, iterations: number): Promise<void> {
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(join(repositoryRoot, "scripts", "reexecute-nodes"), ["--iterations", `${iterations}`, "--json", "22", "24"], { maxBuffer: 1 << 24 }, (_e, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }));
  });
  t.log(/seed \w+/.exec(stderr)?.[0] ?? "no seed");
  t.is(code, 0, stderr + stdout);
  const [recorded, ...runs] = stdout.trim().split("\n").map((l) => JSON.parse(l) as Run);
  t.regex(recorded?.node ?? "", /^v20\./);
  t.deepEqual(runs.map((r) => /^v(\d+)/.exec(r.node)?.[1]), ["22", "22", "24", "24"]);
  t.true(runs[0]?.host === "wasm" && runs[2]?.host === "wasm");
  for (const run of runs) {
    t.is(run.accepted, iterations);
    t.is(Object.values(run.refused).flatMap((r) => Object.values(r)).reduce((a, b) => a + b, 0), iterations);
  }
}
