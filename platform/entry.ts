/**
 * How this project's own entry points are run as child processes: compiled when this file is, else from source.
 * POUWD_COMPILED=1, set by scripts that have just compiled, lets tests that run from source start compiled processes.
 */
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const compiled = /[\\/]dist[\\/]$/.test(here);

/** The repository's root, whether this runs compiled or from source. */
export const repositoryRoot = compiled ? fileURLToPath(new URL("../..", import.meta.url)) : here;

/** Command and arguments for an entry point by its path from the root, without ending: `app/main`. */
export function entry(path: string, ...args: string[]): { command: string; args: string[] } {
  const dist = compiled ? here : process.env.POUWD_COMPILED === "1" ? `${repositoryRoot}dist/` : undefined;
  return dist
    ? { command: process.execPath, args: [`${dist}${path}.js`, ...args] }
    : { command: process.execPath, args: ["--conditions=source", "--import", import.meta.resolve("tsx"), `${here}${path}.ts`, ...args] };
}
