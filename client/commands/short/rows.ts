/**
 * Commands in a person's words: the arguments of a command, in their order, become fields of a message or of a query's request.
 * The services' own commands, which take JSON, are made from the .proto files alone (services.ts) and stand beside them; a
 * row here of the same name takes the JSON as well.
 */
import { type Codec, type MethodInfo } from "#proto/wire.js";
import { type RpcChain } from "../../chain/index.js";

/**
 * What a person writes, and what it becomes: `account` and `operator` take addresses and names of keys (their plurals several, with
 * commas), `coin` and `coins` amounts in any unit that the bank knows, `consensus` an address of this kind, `file` a path to JSON, `json`
 * JSON itself, `time` and `seconds` RFC 3339 or seconds since 1970, `vote` and `votes` what is voted, `status` that of a proposal, `words` texts with
 * commas, `flag` nothing; the rest is taken as it is.
 */
export type Kind = "account" | "accounts" | "operator" | "operators" | "consensus" | "coin" | "coins" | "file" | "json" | "time" | "seconds" | "vote" | "votes" | "status" | "words" | "flag" | "plain";

export interface Field {
  /** of the message, by its proto name; with a dot a field of a field: description.moniker */
  readonly field: string;
  readonly kind: Kind;
  readonly name: string;
  readonly text: string;
  /** it may be left out: of a command's last arguments alone */
  readonly optional?: true;
}

export type Json = Readonly<Record<string, unknown>>;

/** A message as its fields say it. */
export interface Draft {
  readonly message: Codec<unknown>;
  readonly fields: Json;
}
export const draft = <T>(message: Codec<T>, fields: Json): Draft => ({ message: message as Codec<unknown>, fields });

/** What a message that is made of arguments may ask. */
export interface Asked {
  readonly chain: RpcChain;
  /** address of who signs */
  readonly signer: string;
}
/** Messages of what arguments and options say, by the names of their fields. Throws CliError. */
export type Make = (said: Json, asked: Asked) => readonly Draft[] | Promise<readonly Draft[]>;

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
  /** options say what is to be changed: one of them has to be there */
  readonly changes?: true;
  /** the first argument is the key that signs, in place of --from */
  readonly signs?: true;
  /** where arguments and options are no fields of the message as they are */
  readonly make?: Make;
  /** JSON of the message cannot stand in place of the arguments: it is sent within another one */
  readonly within?: true;
  /** for the end of the command's help */
  readonly help?: string;
}

export interface QueryRow {
  readonly method: MethodInfo;
  readonly name: string;
  readonly text: string;
  readonly args: readonly Field[];
  readonly options: readonly Choice[];
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
export const accounts = fieldOf("accounts", "addresses, or names of keys, with commas between them");
export const operator = fieldOf("operator", "the validator's operator: address, or name of a key");
export const operators = fieldOf("operators", "validators' operators, with commas between them");
export const consensus = fieldOf("consensus", "the validator's consensus address");
export const coin = fieldOf("coin", "such as 10POUW, or 10000000upouw");
export const coins = fieldOf("coins", "such as 10POUW, or 10000000upouw,5uatom");
export const file = fieldOf("file", "path of a file with JSON");
export const json = fieldOf("json", "JSON");
export const time = fieldOf("time", "such as 2030-01-31T12:00:00Z, or seconds since 1970");
export const seconds = fieldOf("seconds", "such as 2030-01-31T12:00:00Z, or seconds since 1970");
export const vote = fieldOf("vote", "yes, no, no-with-veto or abstain");
export const votes = fieldOf("votes", "such as yes=0.6,no=0.3,abstain=0.1");
export const status = fieldOf("status", "deposit-period, voting-period, passed, rejected or failed");
export const words = fieldOf("words", "with commas between them");
export const flag = fieldOf("flag", "");
export const plain = fieldOf("plain", "");

export const optional = (f: Field): Field => ({ ...f, optional: true });

export const option = (flags: string, { field, kind, name, text }: Field, otherwise?: string): Choice => ({ field, kind, name, text, flags, ...(otherwise === undefined ? {} : { otherwise }) });

type TxMore = Pick<TxRow, "changes" | "signs" | "make" | "within" | "help">;
export const tx = <T>(message: Codec<T>, name: string, text: string, args: readonly Field[] = [], options: readonly Choice[] = [], more: TxMore = {}): TxRow => ({ message: message as Codec<unknown>, name, text, args, options, ...more });

type QueryMore = Pick<QueryRow, "render" | "fixed">;
export const query = (method: MethodInfo, name: string, text: string, args: readonly Field[] = [], more: QueryMore & { readonly options?: readonly Choice[] } = {}): QueryRow => ({ method, name, text, args, options: [], ...more });
