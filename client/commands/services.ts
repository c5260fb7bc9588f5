/**
 * What the command line offers of the chain's services, from their generated tables alone: names, texts and how a request is
 * read from arguments. A service that a new .proto file declares is here without a line of ours.
 */
import { operatorOfAccount } from "#kernel/address.js";
import { codecs } from "#proto/gen/registry.js";
import { anyTypes, fromJson, toJson } from "#proto/json.js";
import { type Codec, type FieldInfo, type MethodInfo, type ServiceInfo } from "#proto/wire.js";
import { CliError } from "../cli-error.js";
import { nearest } from "../task/faults.js";
import { parseJson } from "./json.js";

/** What stands in an Any is written with its "@type" and the fields of that. */
const ANY = anyTypes(...codecs);

/** An answer as it is printed. What a newer chain has in an Any stays bytes. */
export function answerJson({ response }: MethodInfo, answer: unknown): Record<string, unknown> {
  try {
    return toJson(response, answer, ANY) as Record<string, unknown>;
  } catch {
    return toJson(response, answer) as Record<string, unknown>;
  }
}

export interface ServiceCommands {
  /** that the service belongs to: tasks */
  readonly module: string;
  readonly description: string;
  readonly commands: readonly MethodCommand[];
}

export interface MethodCommand {
  /** in kebab-case: task-state */
  readonly name: string;
  readonly description: string;
  /** fields and paths, for the end of the command's help */
  readonly help: string;
  readonly arguments: readonly Argument[];
  readonly method: MethodInfo;
}

export interface Argument {
  readonly name: string;
  readonly description: string;
}

/** The commands of every service of a kind, by module. Of a package's versions the newest has the module's name, and the others theirs behind it. Throws when two services give commands of one name. */
export function serviceCommands(services: readonly ServiceInfo[], kind: "Query" | "Msg"): ServiceCommands[] {
  const pattern = new RegExp(`^(.*\\.(\\w+))\\.(v\\d+)(\\w*)\\.${kind}$`);
  const all = services.flatMap((service) => {
    const [, path = "", module, version = "", stage = ""] = pattern.exec(service.name) ?? [];
    return module ? [{ service, path, module, version: version + stage, rank: Number(version.slice(1)) * 2 + (stage === "" ? 1 : 0) }] : [];
  });
  const modules = all.map(({ service, path, module, version, rank }) => {
    const name = kebab(module.replaceAll("_", "-"));
    const older = all.some((other) => other.path === path && other.rank > rank);
    const commands = Object.values(service.methods).map(kind === "Query" ? queryCommand : messageCommand);
    return { module: older ? `${name}-${version}` : name, description: service.comment, commands };
  });
  const twice = modules.find((m, i) => modules.findIndex((other) => other.module === m.module) < i);
  if (twice) throw new Error(`two services are ${kind} of a module ${twice.module}: the command line cannot tell them apart`);
  return modules;
}

/** task-state of TaskState, account-address-by-id of AccountAddressByID. */
export const kebab = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();

function queryCommand(method: MethodInfo): MethodCommand {
  const { name, comment, path, request, response, rest } = method;
  const help = [
    ...section("Fields of the request", fieldRows(request, true)),
    ...section("Fields of the answer", fieldRows(response, false)),
    `gRPC path: ${path}`,
    ...(rest ? [`REST path: ${rest.verb.toUpperCase()} ${rest.path} (no server of this version answers there yet)`] : []),
  ];
  return { name: kebab(name), description: comment, help: help.join("\n"), arguments: queryArguments(request), method };
}

function messageCommand(method: MethodInfo): MethodCommand {
  const { name, comment, request } = method;
  const signer = signerOf(request);
  const help = [
    ...section("Fields of the message", fieldRows(request, true)),
    ...(signer ? [`Signed by: ${signer.proto}, which may be left out: it is the key of --from`] : []),
    `Type: ${request.typeUrl}`,
  ];
  return { name: kebab(name), description: comment, help: help.join("\n"), arguments: [{ name: "json", description: "the message's fields as JSON, or @FILE" }], method };
}

// ---- messages by the names of their types ----

/** MsgAddStake of /pouw.workers.v1.MsgAddStake. */
const shortName = ({ typeUrl }: Codec<unknown>): string => typeUrl.slice(typeUrl.lastIndexOf(".") + 1);

/** Every message type by its short name, with the words of its own command. */
export const messageTypes = (modules: readonly ServiceCommands[]): { name: string; command: string }[] =>
  modules.flatMap(({ module, commands }) => commands.map((m) => ({ name: shortName(m.method.request), command: `tx ${module} ${m.name}` })));

/** The message of a short name such as MsgAddStake, or of a full one. Throws CliError with what is near. */
export function messageType(modules: readonly ServiceCommands[], type: string): Codec<unknown> {
  const all = modules.flatMap((m) => m.commands.map((c) => c.method.request));
  const found = all.filter((codec) => shortName(codec) === type || codec.typeUrl === `/${type.replace(/^\//, "")}`);
  const [one, other] = found;
  if (other) throw new CliError("usage", `${type} is a message of several modules: name one of ${found.map((codec) => codec.typeUrl.slice(1)).join(", ")}.`);
  if (one) return one;
  const names = all.map(shortName);
  const near = nearest(type.toLowerCase(), names.map((n) => n.toLowerCase()));
  throw new CliError("usage", `${type} is no message of this chain. ${near ? `Did you mean ${names.find((n) => n.toLowerCase() === near)}?` : `There are ${names.join(", ")}.`}`);
}

// ---- requests ----

const isPlain = (f: FieldInfo): boolean => f.type !== "message" && !f.repeated;

function queryArguments({ fields }: Codec<unknown>): Argument[] {
  const [first, ...others] = fields;
  if (!first) return [];
  if (!isPlain(first)) return [{ name: "json", description: "the fields as JSON" }];
  const value = { name: first.proto, description: `${first.proto}, or all fields as JSON` };
  return others.length === 0 ? [value] : [value, { name: "json", description: `the other fields as JSON, such as '{"${others[0]?.proto}": …}'` }];
}

/** Fields that stand in the method's REST path: without them there is nothing to ask. */
const wanted = ({ rest }: MethodInfo): string[] => [...(rest?.path ?? "").matchAll(/\{(\w+)(?:=[^}]*)?\}/g)].map(([, name]) => name as string);

/** The request that arguments say: the first field's value, JSON of all fields, or one after the other. Throws CliError. */
export function queryRequest(method: MethodInfo, given: readonly (string | undefined)[]): object {
  const json = requestJson(method.request, given);
  const request = read(method.request, json);
  const missing = wanted(method).find((name) => !Object.hasOwn(json, name) && !Object.hasOwn(json, method.request.fields.find((f) => f.proto === name)?.name ?? name));
  if (missing !== undefined) throw new CliError("usage", `${missing} is missing. --help after the command shows what it takes.`);
  return request;
}

function requestJson(request: Codec<unknown>, [text, more]: readonly (string | undefined)[]): Record<string, unknown> {
  const [first] = request.fields;
  if (text === undefined || !first) return {};
  const rest = more === undefined ? {} : object(more, "the request's other fields");
  const value = text.trimStart().startsWith("{") || !isPlain(first) ? object(text, "the request") : { [first.proto]: plainValue(first, text) };
  const said = Object.keys(rest).find((name) => Object.hasOwn(value, name));
  if (said !== undefined) throw new CliError("usage", `${said} is given twice.`);
  return { ...value, ...rest };
}

/** A message from its JSON; the signer's field is filled in where it is left out. Throws CliError. */
export function messageFrom(codec: Codec<unknown>, text: string, signer: string): object {
  const field = signerOf(codec);
  return read(codec, { ...(field ? { [field.proto]: isOperator(codec, field) ? operatorOfAccount(signer) : signer } : {}), ...object(text, "the message") });
}

/** The Cosmos SDK's fields of this name hold a validator's address, the same bytes with another prefix. */
const isOperator = (codec: Codec<unknown>, field: FieldInfo): boolean => codec.typeUrl.startsWith("/cosmos.") && /^validator_addr(ess)?$/.test(field.proto);

/** The field with the signer's address, where it is one address. */
const signerOf = (codec: Codec<unknown>): FieldInfo | undefined => codec.fields.find((f) => f.name === codec.signer && f.type === "string" && !f.repeated);

function plainValue(f: FieldInfo, text: string): unknown {
  if (f.type === "bool" && (text === "true" || text === "false")) return text === "true";
  return f.type === "enum" && /^\d+$/.test(text) ? Number(text) : text;
}

function object(text: string, what: string): Record<string, unknown> {
  const value = parseJson(text, what);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new CliError("usage", `${what} is ${text}, want JSON such as '{"field": …}'.`);
  return value as Record<string, unknown>;
}

function read(codec: Codec<unknown>, json: unknown): object {
  try {
    return fromJson(codec as Codec<object>, json, "", ANY);
  } catch (e) {
    throw new CliError("usage", `${(e as Error).message}.`);
  }
}

// ---- help ----

type Row = readonly [name: string, type: string, comment: string];

/** Fields with what stands inside them, each message type once. */
function fieldRows(codec: Codec<unknown>, deep: boolean, indent = "", seen: ReadonlySet<string> = new Set()): Row[] {
  return codec.fields.flatMap((f) => {
    const inner = f.codec?.();
    const values = f.type === "enum" ? `one of ${Object.keys(f.values ?? {}).join(", ")}` : "";
    const row: Row = [`${indent}${f.proto}`, typeName(f), [f.comment, values].filter(Boolean).join("; ")];
    if (!deep || !inner || seen.has(inner.typeUrl)) return [row];
    return [row, ...fieldRows(inner, deep, `${indent}  `, new Set([...seen, inner.typeUrl]))];
  });
}

function typeName(f: FieldInfo): string {
  const own = f.codec ? shortName(f.codec()) : f.type;
  return f.repeated ? `list of ${own}` : own;
}

function section(title: string, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const width = (column: 0 | 1): number => Math.max(...rows.map((r) => r[column].length));
  return [`${title}:`, ...rows.map(([name, type, comment]) => `  ${name.padEnd(width(0))}  ${type.padEnd(width(1))}  ${comment}`.trimEnd()), ""];
}
