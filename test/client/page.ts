/** A page of docs/ whose commands are run: blocks of shell with a name, each as a person would type it. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entry, repositoryRoot } from "#platform/entry.js";

export interface Block {
  readonly name: string;
  readonly text: string;
}

/** Throws where a block has no name: it would not be run. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(repositoryRoot, page), "utf8");
  const blocks = [...text.matchAll(/^```sh name=(\S+)\n([\s\S]*?)^```$/gm)].map(([, name, body]) => ({ name: name as string, text: body as string }));
  const all = (text.match(/^```sh/gm) ?? []).length;
  if (all !== blocks.length) throw new Error(`${page}: ${all - blocks.length} blocks have no name`);
  return blocks;
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a text in a folder; `pouwd` is the command line. */
export function shell(text: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const { command, args } = entry("client/main");
  const words = [command, ...args].map((w) => `'${w.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = spawn("bash", ["-c", `set -euo pipefail\npouwd() { ${words} "$@"; }\n${text}`], { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (d: Buffer) => (stdout += d.toString()));
  child.stderr.on("data", (d: Buffer) => (stderr += d.toString()));
  return new Promise((resolve, reject) => child.once("error", reject).once("close", (status) => resolve({ status, stdout, stderr })));
}
