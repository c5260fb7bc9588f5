/** Proposals: messages that are put to a vote, and what is said of them. */
import { AUTHORITY } from "#kernel/authority.js";
import { MsgCommunityPoolSpend } from "#proto/gen/cosmos/distribution/v1beta1/tx.js";
import { MsgSubmitProposal } from "#proto/gen/cosmos/gov/v1/tx.js";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "#proto/gen/cosmos/upgrade/v1beta1/tx.js";
import { codecs, services } from "#proto/gen/registry.js";
import { type Codec, type MethodInfo } from "#proto/wire.js";
import { ascending, coinsOn } from "../../coins.js";
import { CliError } from "../../cli-error.js";
import { answerJson } from "../services.js";
import { type Asked, type Choice, coins, draft, type Draft, flag, type Json, json, option, plain, tx, type TxRow } from "./rows.js";

const FIELDS = ["messages", "metadata", "deposit", "title", "summary", "expedited"];

export const PROPOSAL_HELP = `The file, as the Cosmos SDK's command line reads it; an authority that is left out is governance's account:
  {
    "messages": [
      { "@type": "/cosmos.distribution.v1beta1.MsgCommunityPoolSpend", "recipient": "pouw1…",
        "amount": [{ "denom": "upouw", "amount": "1000000" }] }
    ],
    "deposit": "10POUW",
    "title": "What is proposed",
    "summary": "Why",
    "metadata": "",
    "expedited": false
  }
Of a module's parameters: tx MODULE update-params-proposal. Of an upgrade: tx upgrade software-upgrade.`;

/** What every command that proposes one thing takes beside it. */
export const ABOUT: readonly Choice[] = [
  option("--title <text>", plain("title", "what is proposed, in a line")),
  option("--summary <text>", plain("summary", "what and why; default: the title")),
  option("--deposit <coins>", coins("initial_deposit", "first deposit, such as 10POUW; the vote begins when the deposits are enough (query gov params)")),
  option("--metadata <text>", plain("metadata", "anything else, such as a link")),
  option("--expedited", flag("expedited", "a shorter vote, for a larger deposit and a larger majority")),
];

/** A message as a proposal holds it: governance's account is its authority. */
function authorised(message: unknown, { chain }: Asked): unknown {
  if (typeof message !== "object" || message === null) return message;
  const { "@type": type, authority } = message as { readonly "@type"?: unknown; readonly authority?: unknown };
  const codec = codecs.find((c) => c.typeUrl === type);
  return codec?.signer === "authority" && authority === undefined ? { ...message, authority: chain.addresses.module(AUTHORITY) } : message;
}

export async function submitProposal(said: Json, asked: Asked): Promise<Draft[]> {
  const given = said.file;
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw new CliError("usage", "the file is no proposal: --help after the command shows one.");
  const { messages = [], deposit, ...others } = given as { readonly messages?: unknown; readonly deposit?: unknown };
  const unknown = Object.keys(given).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw new CliError("usage", `${unknown}: a proposal has no such field; there are ${FIELDS.join(", ")}.`);
  if (!Array.isArray(messages)) throw new CliError("usage", `messages is ${JSON.stringify(messages)}, want a list.`);
  if (deposit !== undefined && typeof deposit !== "string") throw new CliError("usage", `deposit is ${JSON.stringify(deposit)}, want an amount such as "10POUW".`);
  const initial_deposit = deposit === undefined || deposit === "" ? [] : ascending(await coinsOn(asked.chain, deposit));
  return [draft(MsgSubmitProposal, { ...others, messages: messages.map((m) => authorised(m, asked)), initial_deposit })];
}

/** A proposal of one message, with what the options say of it. */
function proposing<T>(message: Codec<T>, fields: Json, said: Json, asked: Asked): Draft[] {
  const { title, summary = title, initial_deposit = [], metadata, expedited } = said;
  if (typeof title !== "string" || title === "") throw new CliError("usage", "--title is missing: what is proposed, in a line.");
  const texts = { title, summary, initial_deposit, ...(metadata === undefined ? {} : { metadata }), ...(expedited === true ? { expedited } : {}) };
  return [draft(MsgSubmitProposal, { ...texts, messages: [authorised({ "@type": message.typeUrl, ...fields }, asked)] })];
}

export function softwareUpgrade(said: Json, asked: Asked): Draft[] {
  if (said.height === undefined) throw new CliError("usage", "--upgrade-height is missing: the block that the new program makes first.");
  return proposing(MsgSoftwareUpgrade, { plan: { name: said.name, height: said.height, ...(said.info === undefined ? {} : { info: said.info }) } }, said, asked);
}
export const cancelUpgrade = (said: Json, asked: Asked): Draft[] => proposing(MsgCancelUpgrade, {}, said, asked);
export const spendPool = (said: Json, asked: Asked): Draft[] => proposing(MsgCommunityPoolSpend, { recipient: said.recipient, amount: said.amount }, said, asked);

// ---- parameters ----

const PARAMS_HELP = `The message holds all parameters, as the chain wants it: those that are not named here stay as the chain has them now.`;

/** For every module with a MsgUpdateParams of its parameters and a query of them. */
export const paramsRows = (): TxRow[] =>
  services.flatMap((service) => {
    const update = service.name.endsWith(".Msg") ? service.methods.updateParams : undefined;
    const query = services.find((s) => s.name === service.name.replace(/\.Msg$/, ".Query"))?.methods.params;
    if (!update || !query || ![update.request, query.response].every((c) => c.fields.some((f) => f.proto === "params"))) return [];
    return [tx(update.request, "update-params-proposal", "propose other values of parameters", [json("params", 'those that change, such as {"name": "value"}')], ABOUT, { within: true, help: PARAMS_HELP, make: changing(update.request, query) })];
  });

const changing =
  (message: Codec<unknown>, query: MethodInfo) =>
  async (said: Json, asked: Asked): Promise<Draft[]> => {
    const { value } = await asked.chain.query(query, {});
    const now = answerJson(query, value).params as Json;
    const { params: change } = said;
    if (typeof change !== "object" || change === null || Array.isArray(change) || Object.keys(change).length === 0) throw new CliError("usage", 'the parameters are none: want those that change, such as {"name": "value"}.');
    const unknown = Object.keys(change).find((name) => !Object.hasOwn(now, name));
    if (unknown !== undefined) throw new CliError("usage", `${unknown}: there is no such parameter; there are ${Object.keys(now).join(", ")}.`);
    return proposing(message, { params: { ...now, ...change } }, said, asked);
  };
