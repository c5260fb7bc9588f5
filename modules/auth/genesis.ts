/**
 * Genesis of `auth`: parameters and accounts of all kinds in the Cosmos SDK's JSON. Accounts of modules need not stand there, they are
 * made where they are missing; what stands there of them agrees with what their modules declare. When unordered transactions end
 * does not stand there, as in the SDK.
 */
import { within, defineGenesis, type Genesis } from "#kernel/genesis.js";
import { type Environment } from "#kernel/environment.js";
import { lowerCase } from "#kernel/address.js";
import { BaseAccount } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { GenesisState } from "#proto/gen/cosmos/auth/v1beta1/genesis.js";
import { LegacyAminoPubKey } from "#proto/gen/cosmos/crypto/multisig/keys.js";
import { PubKey } from "#proto/gen/cosmos/crypto/secp256k1/keys.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";
import { type Codec } from "#proto/wire.js";
import { ACCOUNT_TYPES, anyAccount, parseAccount } from "./account.js";
import { ensureModule, restore } from "./keeper.js";
import { asModule, declaredAt, permissionsOf } from "./module-accounts.js";
import { params } from "./params.js";
import { accounts } from "./store.js";
import { type Account, type AuthPorts, type ModuleAccountDeclaration } from "./types.js";
import { vestingFault } from "./vesting.js";

const MAX_NUMBER = 1n << 62n;
const SECP_KEY = 33;

export function authGenesis(ports: AuthPorts): Genesis {
  const genesis = defineGenesis("auth", {
    codec: GenesisState,
    params,
    types: [...ACCOUNT_TYPES, PubKey, LegacyAminoPubKey] as readonly Codec<unknown>[],
    init(ctx, state, at) {
      const list = state.accounts.map((any, i) => accountOf(ctx, ports.accounts, any, `${at}.accounts[${i}]`));
      const seen = new Set<string>();
      for (const [i, { address }] of list.entries()) {
        if (seen.has(address)) throw new Error(`${at}.accounts[${i}].address: ${address} stands there twice`);
        seen.add(address);
      }
      restore(ctx, numbered(list));
      for (const declared of ports.accounts) ensureModule(ctx, declared);
    },
    export: (ctx) => ({ accounts: accounts.list(ctx).map(anyAccount) }),
  });
  return { ...genesis, init: (ctx, json) => genesis.init(ctx, typed(json)) };
}

/** Where a number stands twice the first account has it, and the others get those that are free, from 0 on, as in the SDK. */
function numbered(list: readonly Account[]): Account[] {
  const taken = new Set<bigint>();
  const second = list.filter(({ accountNumber }) => taken.size === taken.add(accountNumber).size);
  const order = [...second].sort((a, b) => (a.accountNumber === b.accountNumber ? 0 : a.accountNumber < b.accountNumber ? -1 : 1));
  const given = new Map<Account, bigint>();
  let next = 0n;
  for (const account of order) {
    while (taken.has(next)) next++;
    taken.add(next);
    given.set(account, next);
  }
  return list.map((account) => ({ ...account, accountNumber: given.get(account) ?? account.accountNumber }));
}

function accountOf(env: Environment, declared: readonly ModuleAccountDeclaration[], any: Any, at: string): Account {
  let parsed: Account;
  let fault: string | undefined;
  try {
    parsed = parseAccount(any);
    fault = parsed.vesting && vestingFault(parsed.vesting, parsed.vesting);
  } catch (e) {
    throw new Error(`${at}${(e as Error).message}`, { cause: e });
  }
  const { module, vesting } = parsed;
  const base = module ? `${at}.base_account` : !vesting ? at : vesting.kind === "base" ? `${at}.base_account` : `${at}.base_vesting_account.base_account`;
  const account = checked(env, { ...parsed, address: lowerCase(parsed.address) }, base);
  const own = declaredAt(env, declared, account.address);
  if (vesting) {
    if (fault !== undefined) throw new Error(`${at}: ${fault}`);
    if (own) throw new Error(`${base}.address: ${account.address} is the account of ${own.name}, which has no vesting`);
    return account;
  }
  if (!module) return own ? asModule(account, own) : account;
  const named = declared.find((d) => d.name === module.name);
  if (!named) throw new Error(`${at}.name: no module declares the account ${JSON.stringify(module.name)}`);
  const address = env.addresses.module(module.name);
  if (address !== account.address) throw new Error(`${base}.address: got ${account.address}, want ${address}, which is ${module.name}'s`);
  const want = permissionsOf(named);
  if (module.permissions.join() !== want.join()) throw new Error(`${at}.permissions: got ${JSON.stringify(module.permissions)}, want ${JSON.stringify(want)}, as its module declares`);
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

/** As a person may write it: who has no "@type" is a BaseAccount. */
function typed(json: unknown): unknown {
  if (!isObject(json) || !Array.isArray(json.accounts)) return json;
  return { ...json, accounts: json.accounts.map((a: unknown) => (isObject(a) && !("@type" in a) ? { "@type": BaseAccount.typeUrl, ...a } : a)) };
}
