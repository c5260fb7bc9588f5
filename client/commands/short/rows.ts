/**
 * Commands in a person's words: the arguments of a command, in their order, become fields of a message or of a query's request.
 * The services' own commands, which take JSON, are made from the .proto files alone (services.ts) and stand beside them; a
 * row here of the same name takes the JSON as well.
 */
import { type Codec, type MethodInfo } from "#proto/wire.js";

/**
 * What a person writes, and what it becomes: `account` and `operator` take addresses and names of keys, `coin` and `coins`
 * amounts in any unit that the bank knows, `consensus` an address of this kind; the rest is taken as it is.
 */
export type Kind = "account" | "operator" | "consensus" | "coin" | "coins" | "plain";

export interface Field {
  /** of the message, by its proto name; with a dot a field of a field: description.moniker */
  readonly field: string;
  readonly kind: Kind;
  readonly name: string;
  readonly text: string;
}

export interface Choice extends Field {
  /** --commission-rate <rate> */
  readonly flags: string;
  /** where the option is left out; else the field is */
  readonly otherwise?: string;
}

export interface TxRow {
  readonly message: Codec<unknown>;
  readonly name: string;
  readonly text: string;
  readonly args: readonly Field[];
  readonly options: readonly Choice[];
}

export interface QueryRow {
  readonly method: MethodInfo;
  readonly name: string;
  readonly text: string;
  readonly args: readonly Field[];
  /** how a person sees the answer; JSON where there is none */
  readonly render?: (answer: unknown) => string;
  /** fields of the request that nobody writes */
  readonly fixed?: Readonly<Record<string, unknown>>;
}

/** The module that a message or a query is of: staking of /cosmos.staking.v1beta1.MsgDelegate. */
export const moduleOf = (path: string): string => (/\.(\w+)\.v\d\w*[./]/.exec(path)?.[1] ?? "").replaceAll("_", "-");

const named = (field: string): string => field.slice(field.lastIndexOf(".") + 1).replaceAll("_", "-");
const fieldOf =
  (kind: Kind, said: string) =>
  (field: string, text = said, name = named(field)): Field => ({ field, kind, text, name });

export const account = fieldOf("account", "address, or name of a key");
export const operator = fieldOf("operator", "the validator's operator: address, or name of a key");
export const consensus = fieldOf("consensus", "the validator's consensus address");
export const coin = fieldOf("coin", "such as 10POUW, or 10000000upouw");
export const coins = fieldOf("coins", "such as 10POUW, or 10000000upouw,5uatom");
export const plain = fieldOf("plain", "");

export const option = (flags: string, { field, kind, name, text }: Field, otherwise?: string): Choice => ({ field, kind, name, text, flags, ...(otherwise === undefined ? {} : { otherwise }) });

export const tx = <T>(message: Codec<T>, name: string, text: string, args: readonly Field[] = [], options: readonly Choice[] = []): TxRow => ({ message: message as Codec<unknown>, name, text, args, options });

export const query = (method: MethodInfo, name: string, text: string, args: readonly Field[] = [], more: Pick<QueryRow, "render" | "fixed"> = {}): QueryRow => ({ method, name, text, args, ...more });
