/**
 * A newer version of this program for a test of upgrades: the compiled tree copied, in which one file knows an upgrade by its
 * name and one module has a version more, with its migration. It is another program on disk, as an operator would install it.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "#platform/entry.js";

export interface NewerProgram {
  readonly dir: string;
  /** arguments of node that run an entry point of it, such as app/main */
  args(path: string, ...more: string[]): string[];
}

/** Blocks that the migration adds to `unbond_blocks` of `workers`. */
export const LONGER = 77n;

/** Knows the upgrade `name`; its `workers` are a version on. Throws where the compiled tree is missing, or not as it is meant here. */
export function newerProgram(name: string): NewerProgram {
  const dist = join(repositoryRoot, "dist");
  if (!existsSync(join(dist, "app", "main.js"))) throw new Error(`${dist} has no program: ./scripts/build`);
  const dir = mkdtempSync(join(tmpdir(), "pouwd-newer-"));
  cpSync(dist, join(dir, "dist"), { recursive: true });
  cpSync(join(repositoryRoot, "package.json"), join(dir, "package.json"));
  symlinkSync(join(repositoryRoot, "node_modules"), join(dir, "node_modules"));
  change(join(dir, "dist/app/upgrades.js"), "export const upgrades = [];", `export const upgrades = [{ name: ${JSON.stringify(name)} }];`);
  const workers = join(dir, "dist/modules/workers/index.js");
  const version = Number(/version: (\d+),/.exec(readFileSync(workers, "utf8"))?.[1]);
  change(workers, `version: ${version},`, `version: ${version + 1},`);
  const run = `(ctx) => { const p = params.get(ctx); params.set(ctx, { ...p, unbondBlocks: p.unbondBlocks + ${LONGER}n }); }`;
  change(workers, "migrations: workersMigrations,", `migrations: [...workersMigrations, { from: ${version}, run: ${run} }],`);
  writeFileSync(workers, `import { params } from "./params.js";\n${readFileSync(workers, "utf8")}`);
  return { dir, args: (path, ...more) => [join(dir, "dist", `${path}.js`), ...more] };
}

function change(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${path} does not have ${JSON.stringify(from)} once`);
  writeFileSync(path, text.replace(from, () => to));
}
