/** Arguments of a command made of a row: all of them, or JSON in their place. */
import { type Command } from "commander";
import { CliError } from "../../cli-error.js";
import { type Field } from "./rows.js";

/** JSON, or @FILE with it. */
export const isJson = (text: string | undefined): boolean => text !== undefined && /^\s*[{@]/.test(text);

/** Declares them; none is required of commander, since JSON may stand in their place. */
export function declare(command: Command, fields: readonly Field[], json: string): void {
  for (const f of fields) command.argument(`[${f.name}]`, f.text);
  command.argument("[json]", json);
}

/** Each with what was given for it. Throws CliError when one is missing. */
export function pairs(fields: readonly Field[], given: readonly (string | undefined)[]): (readonly [Field, string])[] {
  return fields.map((f, i) => {
    const text = given[i];
    if (text === undefined) throw new CliError("usage", `${f.name} is missing: ${f.text}. --help after the command shows what it takes.`);
    return [f, text] as const;
  });
}
