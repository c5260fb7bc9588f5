/** What people write, as JSON of a message's fields. */
import { type Codec } from "#proto/wire.js";
import { type Chain } from "../../chain/types.js";
import { type RpcChain } from "../../chain/index.js";
import { CliError } from "../../cli-error.js";
import { ascending, coinOn, coinsOn } from "../../coins.js";
import { type Context } from "../../context.js";
import { parseJson, readJsonFile } from "../json.js";
import { type Field, type Kind } from "./rows.js";
import { proposalStatus, seconds, timeText, voteOption, weightedOptions } from "./words.js";

type Json = Record<string, unknown>;
type Where = { readonly context: Pick<Context, "keyring">; readonly chain: RpcChain };

const READ: Readonly<Record<Kind, (text: string, w: Where) => Promise<unknown>>> = {
  account: (text, w) => accountOf(text, w),
  operator: (text, w) => operatorOf(text, w),
  async consensus(text, { chain }) {
    chain.addresses.consensus.parse(text);
    return text;
  },
  coin: (text, { chain }) => positive(chain, text),
  coins: async (text, { chain }) => ascending(await coinsOn(chain, text)),
  accounts: (text, w) => Promise.all(listOf(text).map((one) => accountOf(one, w))),
  operators: (text, w) => Promise.all(listOf(text).map((one) => operatorOf(one, w))),
  file: async (text) => readJsonFile(text),
  json: async (text) => parseJson(text, "it"),
  time: async (text) => timeText(text),
  seconds: async (text) => seconds(text),
  vote: async (text) => voteOption(text),
  votes: async (text) => weightedOptions(text),
  status: async (text) => proposalStatus(text),
  words: async (text) => listOf(text),
  flag: async () => true,
  plain: async (text) => text,
};

const listOf = (text: string): string[] => text.split(",").map((one) => one.trim()).filter((one) => one !== "");

async function positive(chain: Chain, text: string): Promise<unknown> {
  const coin = await coinOn(chain, text);
  if (coin.amount === "0") throw new CliError("amount", "the amount is 0, want at least 1 base unit.");
  return coin;
}

/** An address of the chain, of itself or of the key of this name. */
export async function accountOf(text: string, { context, chain }: Where): Promise<string> {
  const known = await context.keyring.addressOfName(text, chain.addresses.prefix);
  if (known !== undefined) return known;
  chain.addresses.parse(text);
  return text;
}

/** An operator's address, of itself, of its account or of the key of this name. */
export async function operatorOf(text: string, w: Where): Promise<string> {
  const { operator, parse, prefix } = w.chain.addresses;
  if (text.startsWith(`${prefix}valoper1`)) return operator.format(operator.parse(text));
  return operator.format(parse(await accountOf(text, w)));
}

/** The fields that are written. */
export async function fieldsOf(given: readonly (readonly [Field, string])[], w: Where): Promise<Json> {
  const out: Json = {};
  for (const [f, text] of given) {
    const path = f.field.split(".");
    const last = path.pop() as string;
    let at = out;
    for (const name of path) at = (at[name] ??= {}) as Json;
    at[last] = await READ[f.kind](text, w);
  }
  return out;
}

const ACCOUNTS = new Set(["address", "granter", "grantee", "delegator_addr", "delegator_address", "voter", "depositor", "worker", "client"]);
const OPERATORS = new Set(["validator_addr", "validator_address", "src_validator_addr", "dst_validator_addr"]);

/** A query's request with addresses in place of the names of keys, in fields that hold those of accounts and of validators. */
export async function withAddresses(codec: Codec<unknown>, request: object, w: Where): Promise<object> {
  const out: Json = { ...request };
  for (const { proto, name, type } of codec.fields) {
    const text = out[name];
    if (type !== "string" || typeof text !== "string" || text === "") continue;
    if (ACCOUNTS.has(proto)) out[name] = (await w.context.keyring.addressOfName(text, w.chain.addresses.prefix)) ?? text;
    if (OPERATORS.has(proto) && (await w.context.keyring.addressOfName(text, w.chain.addresses.prefix)) !== undefined) out[name] = await operatorOf(text, w);
  }
  return out;
}
