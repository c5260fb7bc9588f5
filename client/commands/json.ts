/** JSON that a person typed. */
import { readFileSync } from "node:fs";
import { CliError } from "../cli-error.js";

export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new CliError("usage", `${what} is not JSON: ${(e as Error).message}. Names and texts stand in double quotes.`);
  }
}

/** A file's text; throws one line. */
export function fileText(path: string, shown = path): string {
  try {
    return readFileSync(path, "utf8");
  } catch (e) {
    throw new CliError("usage", `${shown}: ${(e as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file." : (e as Error).message}`);
  }
}

export const readJsonFile = (path: string): unknown => parseJson(fileText(path), path);
