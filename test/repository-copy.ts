/** A copy of what git knows of this repository, with this checkout's packages: for tests that change sources. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";
import { repositoryRoot } from "#platform/entry.js";

export function copyOfRepository(t: ExecutionContext): string {
  const to = mkdtempSync(join(tmpdir(), "pouwd-copy-"));
  t.teardown(() => rmSync(to, { recursive: true, force: true }));
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: repositoryRoot, encoding: "utf8" }).split("\n").filter(Boolean);
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(repositoryRoot, file), join(to, file), { force: true });
  }
  // Nothing installs there: a link that an installer followed would empty the packages of this checkout.
  symlinkSync(join(repositoryRoot, "node_modules"), join(to, "node_modules"));
  execFileSync("git", ["init", "-q"], { cwd: to });
  return to;
}

export function put(copy: string, path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}
