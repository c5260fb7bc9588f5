/** A page of docs/ whose commands are run: blocks of shell with a name, each as a person would type it. */
import { spawnSync } from "node:child_process";
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
export function shell(text: string, cwd: string, env: NodeJS.ProcessEnv): Ran {
  const { command, args } = entry("client/main");
  const words = [command, ...args].map((w) => `'${w.replaceAll("'", `'\\''`)}'`).join(" ");
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `set -euo pipefail\npouwd() { ${words} "$@"; }\n${text}`], { cwd, env, encoding: "utf8", timeout: 120_000 });
  return { status, stdout, stderr };
}
