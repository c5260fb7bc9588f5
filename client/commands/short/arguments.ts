/** Arguments of a command made of a row: all of them, or JSON in their place. */
import { type Command } from "commander";
import { CliError } from "../../cli-error.js";
import { type Choice, type Field } from "./rows.js";

/** JSON, or @FILE with it. */
export const isJson = (text: string | undefined): boolean => text !== undefined && /^\s*[{@]/.test(text);

/** Declares them; none is required of commander, since JSON may stand in their place. */
export function declare(command: Command, fields: readonly Field[], json?: string): void {
  for (const f of fields) command.argument(`[${f.name}]`, f.text);
  if (json !== undefined) command.argument("[json]", json);
}

/** Each with what was given for it. Throws CliError when one is missing. */
export function pairs(fields: readonly Field[], given: readonly (string | undefined)[]): (readonly [Field, string])[] {
  return fields.flatMap((f, i) => {
    const text = given[i];
    if (text === undefined && f.optional) return [];
    if (text === undefined) throw new CliError("usage", `${f.name} is missing: ${f.text}. --help after the command shows what it takes.`);
    return [[f, text] as const];
  });
}

/** What options say, and what stands where they are left out. Throws CliError when all of those that say what is to be changed are. */
export function choices(command: Command, list: readonly Choice[], given: Readonly<Record<string, string | true | undefined>>, changes = false): (readonly [Choice, string])[] {
  const said = (o: Choice): string | undefined => {
    const value = given[command.options.find((x) => x.flags === o.flags)?.attributeName() ?? ""];
    return value === true ? "" : value;
  };
  if (changes && list.every((o) => said(o) === undefined)) throw new CliError("usage", `nothing is to be changed: give one of ${list.map((o) => o.flags.split(" ")[0]).join(", ")}.`);
  return list.flatMap((o) => {
    const text = said(o) ?? o.otherwise;
    return text === undefined ? [] : [[o, text] as const];
  });
}
