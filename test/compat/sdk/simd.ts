/** Builds the Cosmos SDK's chain from published Go modules, once for each state of its sources. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

const ROOT = process.cwd();
const SOURCES = join(ROOT, "test/compat/sdk/simd");
const FILES = ["app.go", "main.go", "serve.go", "go.mod", "go.sum"];

/** Path of the program. Throws one line where there is no Go, or its modules cannot be had. */
export function simd(): string {
  const digest = createHash("sha256");
  for (const name of FILES) digest.update(readFileSync(join(SOURCES, name)));
  const dir = join(process.env.POUWD_CACHE ?? join(ROOT, ".cache"), "bin");
  const program = join(dir, `simd-${digest.digest("hex").slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(dir, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  try {
    execFileSync("nice", ["go", "build", "-o", unfinished, "."], { cwd: SOURCES, env: { ...process.env, GOMAXPROCS: "2", GOFLAGS: "-buildvcs=false" }, stdio: ["ignore", "inherit", "pipe"] });
  } catch (e) {
    const said = `${(e as { readonly stderr?: Buffer }).stderr ?? (e as Error).message}`.trim().split("\n").at(-1);
    throw new Error(`the Cosmos SDK's chain cannot be built, which needs Go 1.23 or newer: ${said}`);
  }
  renameSync(unfinished, program);
  return program;
}
