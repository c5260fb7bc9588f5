/**
 * Genesis of `auth`: parameters and accounts in the Cosmos SDK's JSON. Accounts of modules need not stand there, they are
 * made where they are missing; what stands there of them agrees with what their modules declare. When unordered transactions end
 * does not stand there, as in the SDK.
 */
import { within, defineGenesis, type Genesis } from "#kernel/genesis.js";
import { type Environment } from "#kernel/environment.js";
import { BaseAccount, ModuleAccount } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { GenesisState } from "#proto/gen/cosmos/auth/v1beta1/genesis.js";
import { LegacyAminoPubKey } from "#proto/gen/cosmos/crypto/multisig/keys.js";
import { PubKey } from "#proto/gen/cosmos/crypto/secp256k1/keys.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";
import { type Codec } from "#proto/wire.js";
import { restore } from "./keeper.js";
import { anyAccount, declaredAt, permissionsOf } from "./module-accounts.js";
import { params } from "./params.js";
import { accounts } from "./store.js";
import { type Account, type AuthKeeper, type AuthPorts, type ModuleAccountDeclaration } from "./types.js";

const MAX_NUMBER = 1n << 62n;
const SECP_KEY = 33;

export function authGenesis(ports: AuthPorts, keeper: AuthKeeper): Genesis {
  const genesis = defineGenesis("auth", {
    codec: GenesisState,
    params,
    types: [BaseAccount, ModuleAccount, PubKey, LegacyAminoPubKey] as readonly Codec<unknown>[],
    init(ctx, state, at) {
      const list = state.accounts.map((any, i) => accountOf(ctx, ports.accounts, any, `${at}.accounts[${i}]`));
      const seen = new Set<string | bigint>();
      for (const [i, { address, accountNumber }] of list.entries()) {
        if (seen.has(accountNumber)) throw new Error(`${at}.accounts[${i}].account_number: ${accountNumber} stands there twice`);
        if (seen.has(address)) throw new Error(`${at}.accounts[${i}].address: ${address} stands there twice`);
        seen.add(accountNumber).add(address);
      }
      restore(ctx, list);
      for (const { name } of ports.accounts) keeper.ensure(ctx, ctx.addresses.module(name));
    },
    export: (ctx) => ({ accounts: accounts.list(ctx).map((account) => anyAccount(account, declaredAt(ctx, ports.accounts, account.address))) }),
  });
  return { ...genesis, init: (ctx, json) => genesis.init(ctx, completed(json)) };
}

function accountOf(env: Environment, declared: readonly ModuleAccountDeclaration[], { typeUrl, value }: Any, at: string): Account {
  if (typeUrl === BaseAccount.typeUrl) return checked(env, BaseAccount.decode(value), at);
  if (typeUrl !== ModuleAccount.typeUrl) throw new Error(`${at}: got a ${typeUrl}, want an account`);
  const { baseAccount, name, permissions } = ModuleAccount.decode(value);
  if (!baseAccount) throw new Error(`${at}.base_account: is missing`);
  const account = checked(env, baseAccount, `${at}.base_account`);
  const own = declared.find((d) => d.name === name);
  if (!own) throw new Error(`${at}.name: no module declares the account ${JSON.stringify(name)}`);
  if (env.addresses.module(name) !== account.address) throw new Error(`${at}.base_account.address: got ${account.address}, want ${env.addresses.module(name)}, which is ${name}'s`);
  const want = permissionsOf(own);
  if (permissions.join() !== want.join()) throw new Error(`${at}.permissions: got ${JSON.stringify(permissions)}, want ${JSON.stringify(want)}, as its module declares`);
  return account;
}

function checked(env: Environment, account: Account, at: string): Account {
  within(`${at}.address`, () => env.addresses.parse(account.address));
  if (account.accountNumber >= MAX_NUMBER) throw new Error(`${at}.account_number: got ${account.accountNumber}, want less than ${MAX_NUMBER}`);
  if (account.sequence >= MAX_NUMBER) throw new Error(`${at}.sequence: got ${account.sequence}, want less than ${MAX_NUMBER}`);
  if (account.pubKey) checkKey(account.pubKey, `${at}.pub_key`, true);
  return account;
}

/** Keys that can sign here: one, or several of which some have to sign, which are no thresholds themselves. */
function checkKey({ typeUrl, value }: Any, at: string, several: boolean): void {
  if (typeUrl === PubKey.typeUrl) {
    const { length } = PubKey.decode(value).key;
    if (length !== SECP_KEY) throw new Error(`${at}.key: got ${length} bytes, want ${SECP_KEY}`);
  } else if (typeUrl === LegacyAminoPubKey.typeUrl && several) {
    const { threshold, publicKeys } = LegacyAminoPubKey.decode(value);
    if (threshold < 1 || threshold > publicKeys.length) throw new Error(`${at}.threshold: got ${threshold}, want 1 to ${publicKeys.length}, the number of keys`);
    for (const [i, k] of publicKeys.entries()) checkKey(k, `${at}.public_keys[${i}]`, false);
  } else throw new Error(`${at}: got a ${typeUrl}, want a ${PubKey.typeUrl}${several ? `, or a ${LegacyAminoPubKey.typeUrl} of them` : ""}`);
}

type Json = Record<string, unknown>;
const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);

/** As a person may write it: who has no "@type" is a BaseAccount, and who has no number gets the next one behind those that have. */
function completed(json: unknown): unknown {
  if (!isObject(json) || !Array.isArray(json.accounts)) return json;
  const list = json.accounts as readonly unknown[];
  let next = 0n;
  for (const a of list) {
    const number = String(numberOf(baseOf(a) ?? {}));
    if (/^\d{1,20}$/.test(number) && BigInt(number) >= next) next = BigInt(number) + 1n;
  }
  const numbered = (a: unknown): unknown => {
    const base = baseOf(a);
    if (!base || numberOf(base) !== undefined) return a;
    const complete = { ...base, account_number: `${next++}` };
    return base === a ? complete : { ...(a as Json), base_account: complete };
  };
  return { ...json, accounts: list.map(numbered).map((a) => (isObject(a) && !("@type" in a) ? { "@type": BaseAccount.typeUrl, ...a } : a)) };
}

/** The part of an account that every kind has. */
function baseOf(a: unknown): Json | undefined {
  if (!isObject(a)) return undefined;
  if (a["@type"] === undefined || a["@type"] === BaseAccount.typeUrl) return a;
  return isObject(a.base_account) ? a.base_account : undefined;
}

const numberOf = (account: Json): unknown => account.account_number ?? account.accountNumber;
