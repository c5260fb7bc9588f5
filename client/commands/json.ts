/** JSON that a person typed. */
import { CliError } from "../cli-error.js";

export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new CliError("usage", `${what} is not JSON: ${(e as Error).message}. Names and texts stand in double quotes.`);
  }
}
