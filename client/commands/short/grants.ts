/** Grants of `authz` and `feegrant`: what stands in an Any of these messages, from arguments and options. */
import { SendAuthorization } from "#proto/gen/cosmos/bank/v1beta1/authz.js";
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { MsgExec, MsgGrant, MsgRevoke } from "#proto/gen/cosmos/authz/v1beta1/tx.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/feegrant.js";
import { MsgGrantAllowance } from "#proto/gen/cosmos/feegrant/v1beta1/tx.js";
import { StakeAuthorization } from "#proto/gen/cosmos/staking/v1beta1/authz.js";
import { MsgBeginRedelegate, MsgDelegate, MsgUndelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { CliError } from "../../cli-error.js";
import { draft, type Draft, type Json } from "./rows.js";

/** By the Cosmos SDK's words for them. */
const STAKE: Readonly<Record<string, string>> = { delegate: "AUTHORIZATION_TYPE_DELEGATE", unbond: "AUTHORIZATION_TYPE_UNDELEGATE", redelegate: "AUTHORIZATION_TYPE_REDELEGATE" };

/** The message that a word of `grant` allows. */
const TYPES: Readonly<Record<string, string>> = { send: MsgSend.typeUrl, delegate: MsgDelegate.typeUrl, unbond: MsgUndelegate.typeUrl, redelegate: MsgBeginRedelegate.typeUrl };

/** What options say of a grant, by the kind that they belong to. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  generic: ["msg_type"],
  send: ["spend_limit", "allow_list"],
  ...Object.fromEntries(Object.keys(STAKE).map((kind) => [kind, ["spend_limit", "allowed_validators", "deny_validators"]])),
};

const flagOf = (field: string): string => `--${field.replaceAll("_", "-")}`;
const needs = (said: Json, field: string, what: string): unknown => {
  if (said[field] === undefined) throw new CliError("usage", `${what} needs ${flagOf(field)}. --help after the command shows what it takes.`);
  return said[field];
};

export function authorization(said: Json): Json {
  const kind = String(said.kind);
  const own = OPTIONS[kind];
  if (!own) throw new CliError("usage", `${JSON.stringify(kind)} is no kind of authorization: want ${Object.keys(OPTIONS).join(", ")}.`);
  const others = [...new Set(Object.values(OPTIONS).flat())].filter((field) => !own.includes(field));
  const wrong = others.find((field) => said[field] !== undefined);
  if (wrong !== undefined) throw new CliError("usage", `${flagOf(wrong)} is not for ${kind}, which takes ${own.map(flagOf).join(", ")}.`);
  if (kind === "generic") return { "@type": GenericAuthorization.typeUrl, msg: needs(said, "msg_type", kind) };
  if (kind === "send") return { "@type": SendAuthorization.typeUrl, spend_limit: needs(said, "spend_limit", kind), ...(said.allow_list === undefined ? {} : { allow_list: said.allow_list }) };
  const { allowed_validators: allowed, deny_validators: denied, spend_limit: limit } = said;
  if ((allowed === undefined) === (denied === undefined)) throw new CliError("usage", `${kind} needs either ${flagOf("allowed_validators")} or ${flagOf("deny_validators")}.`);
  const [coin, other] = (limit ?? []) as readonly unknown[];
  if (other !== undefined) throw new CliError("amount", `${flagOf("spend_limit")} of ${kind} is one coin.`);
  return { "@type": StakeAuthorization.typeUrl, authorization_type: STAKE[kind], ...(allowed === undefined ? { deny_list: { address: denied } } : { allow_list: { address: allowed } }), ...(coin === undefined ? {} : { max_tokens: coin }) };
}

export const grant = (said: Json): Draft[] => [
  draft(MsgGrant, { grantee: said.grantee, grant: { authorization: authorization(said), ...(said.expiration === undefined ? {} : { expiration: said.expiration }) } }),
];

/** Takes what `grant` takes, but for generic: that can be of any message, whose type is to be named. */
export function revoke({ grantee, msg_type_url: given }: Json): Draft[] {
  const word = String(given);
  const type = TYPES[word] ?? (word.startsWith("/") ? word : undefined);
  if (type === undefined) throw new CliError("usage", `${JSON.stringify(word)} is no type of message: want ${Object.keys(TYPES).join(", ")}, or a type such as ${MsgSend.typeUrl}.`);
  return [draft(MsgRevoke, { grantee, msg_type_url: type })];
}

/** The messages of a transaction's JSON, of a list, or of one with its @type. */
export function messagesIn(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json as readonly unknown[];
  const { body, messages, "@type": type } = (json ?? {}) as { readonly body?: { readonly messages?: unknown }; readonly messages?: unknown; readonly "@type"?: unknown };
  if (type !== undefined) return [json];
  const list = body?.messages ?? messages;
  if (!Array.isArray(list)) throw new CliError("usage", 'the file has no messages: want a transaction, such as {"body": {"messages": [{"@type": …}]}}.');
  return list as readonly unknown[];
}
export const exec = (said: Json): Draft[] => [draft(MsgExec, { msgs: messagesIn(said.file) })];

/** `now`: in ms since 1970; the first period of a periodic allowance begins with it. */
export function allowance(said: Json, now: number): Json {
  const { spend_limit: limit, expiration, period, period_limit: periodLimit, allowed_messages: allowed } = said;
  let made: Json = { "@type": BasicAllowance.typeUrl, ...(limit === undefined ? {} : { spend_limit: limit }), ...(expiration === undefined ? {} : { expiration }) };
  if (period !== undefined || periodLimit !== undefined) {
    if (period === undefined || periodLimit === undefined) throw new CliError("usage", `--period and --period-limit belong together: ${period === undefined ? "--period" : "--period-limit"} is missing.`);
    const length = typeof period === "string" && /^[1-9]\d{0,9}$/.test(period) ? Number(period) : undefined;
    if (length === undefined) throw new CliError("usage", `--period is ${JSON.stringify(period)}, want seconds.`);
    const reset = new Date(Math.floor(now / 1000) * 1000 + length * 1000);
    if (typeof expiration === "string" && reset.getTime() > Date.parse(expiration)) throw new CliError("usage", `--expiration is ${expiration}, before the first period ends (${reset.toISOString()}).`);
    const { "@type": _, ...basic } = made;
    made = { "@type": PeriodicAllowance.typeUrl, basic, period: `${length}s`, period_reset: reset.toISOString(), period_spend_limit: periodLimit, period_can_spend: periodLimit };
  }
  return allowed === undefined ? made : { "@type": AllowedMsgAllowance.typeUrl, allowance: made, allowed_messages: allowed };
}

export const grantAllowance = (said: Json): Draft[] => [draft(MsgGrantAllowance, { grantee: said.grantee, allowance: allowance(said, Date.now()) })];
