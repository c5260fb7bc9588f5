/** Accounts of a genesis, with what they own. */
import { type Addresses, DEFAULT_PREFIX, makeAddresses } from "#kernel/address.js";
import { MAX_AMOUNT } from "#kernel/coins.js";
import { metadataOf } from "#modules/bank/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { BaseAccount } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { Metadata } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { ContinuousVestingAccount, DelayedVestingAccount } from "#proto/gen/cosmos/vesting/v1beta1/vesting.js";
import { type Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { fromJson } from "#proto/json.js";
import { type GenesisDocument, partOf, withPart } from "./document.js";

/** Of a genesis that names none. */
const BOND_DENOM = "upouw";

export const prefixOf = (g: GenesisDocument): string => (typeof g.app_state?.prefix === "string" ? g.app_state.prefix : DEFAULT_PREFIX);
export const addressesOf = (g: GenesisDocument): Addresses => makeAddresses(prefixOf(g), nodeCrypto);

/** The chain's own denomination. */
export function bondDenomOf(g: GenesisDocument): string {
  const { bond_denom: denom } = (partOf(g, "staking").params ?? {}) as { readonly bond_denom?: unknown };
  return typeof denom === "string" ? denom : BOND_DENOM;
}

/** What amounts may be written in: of the denominations that the genesis describes, and of the chain's own. */
export function metadataIn(g: GenesisDocument): readonly Metadata[] {
  const given = listOf(partOf(g, "bank").denom_metadata, "app_state.bank.denom_metadata").map((m, i) => fromJson(Metadata, m, `app_state.bank.denom_metadata[${i}]`));
  const denom = bondDenomOf(g);
  return given.some((m) => m.base === denom) ? given : [...given, metadataOf(denom)];
}

/** Those of some denominations that this genesis knows nothing of: neither the chain's own, nor described, nor owned by anybody. */
export function unknownDenoms(g: GenesisDocument, denoms: readonly string[]): string[] {
  const balances = listOf(partOf(g, "bank").balances, "app_state.bank.balances") as readonly Balance[];
  const known = new Set([...metadataIn(g).map((m) => m.base), ...balances.flatMap((b) => b.coins.map((c) => c.denom))]);
  return denoms.filter((d) => !known.has(d));
}

interface Balance {
  readonly address: string;
  readonly coins: readonly Coin[];
}

/** Coins of an account that come free over time: all at `end`, or bit by bit from `start` on; in seconds since 1970. */
export interface Vesting {
  readonly coins: readonly Coin[];
  readonly start?: string | undefined;
  readonly end: string;
}

export interface AccountOptions {
  readonly append?: boolean | undefined;
  readonly vesting?: Vesting | undefined;
}

/**
 * The genesis with an account more, which owns these coins; one that is there already is given more with `append`. Totals
 * that the genesis names grow with it. Throws one line.
 */
export function withAccount(g: GenesisDocument, address: string, coins: readonly Coin[], { append = false, vesting }: AccountOptions = {}): GenesisDocument {
  addressesOf(g).parse(address);
  if (coins.length === 0) throw new Error("no coins were given, want some such as 1000000upouw");
  const none = coins.find((c) => BigInt(c.amount) === 0n);
  if (none) throw new Error(`got 0${none.denom}, want at least 1 base unit`);
  if (vesting) checkVesting(vesting, coins);
  const bank = partOf(g, "bank");
  const balances = listOf(bank.balances, "app_state.bank.balances") as readonly Balance[];
  const known = balances.find((b) => b.address === address);
  if (known && vesting) throw new Error(`${address} is in the genesis already, with ${textOf(known.coins)}: only a new account can have coins that come free over time`);
  if (known && !append) throw new Error(`${address} is in the genesis already, with ${textOf(known.coins)}: give --append to add to it`);
  const owned: Balance = { address, coins: plus(known?.coins ?? [], coins) };
  const supply = listOf(bank.supply, "app_state.bank.supply") as readonly Coin[];
  const more = {
    balances: known ? balances.map((b) => (b === known ? owned : b)) : [...balances, owned],
    ...(supply.length > 0 ? { supply: plus(supply, coins) } : {}),
  };
  const accounts = listOf(partOf(g, "auth").accounts, "app_state.auth.accounts");
  if (accounts.some((a) => addressIn(a) === address)) {
    if (vesting) throw new Error(`${address} is in the genesis already: only a new account can have coins that come free over time`);
    return withPart(g, "bank", more);
  }
  return withPart(withPart(g, "auth", { accounts: [...accounts, vesting ? vestingAccount(address, vesting) : { "@type": BaseAccount.typeUrl, address }] }), "bank", more);
}

function checkVesting({ coins, start, end }: Vesting, owned: readonly Coin[]): void {
  const more = coins.find((c) => BigInt(c.amount) > BigInt(owned.find((o) => o.denom === c.denom)?.amount ?? 0));
  if (more) throw new Error(`${more.amount}${more.denom} come free over time, which is more than the account owns: ${textOf(owned)}`);
  if (BigInt(end) === 0n) throw new Error("the time at which all coins are free is 0, want seconds since 1970");
  if (start !== undefined && BigInt(start) >= BigInt(end)) throw new Error(`coins come free from ${start} to ${end}, want an end behind the beginning`);
}

function vestingAccount(address: string, { coins, start, end }: Vesting): object {
  const base = { base_vesting_account: { base_account: { address }, original_vesting: plus([], coins), end_time: end } };
  return start === undefined ? { "@type": DelayedVestingAccount.typeUrl, ...base } : { "@type": ContinuousVestingAccount.typeUrl, ...base, start_time: start };
}

/** Of an account of any kind, as its JSON has it. */
function addressIn(account: unknown): unknown {
  const { address, base_account: base, base_vesting_account: vesting } = (account ?? {}) as { readonly address?: unknown; readonly base_account?: unknown; readonly base_vesting_account?: unknown };
  if (address !== undefined) return address;
  return base === undefined && vesting === undefined ? undefined : addressIn(base ?? vesting);
}

export const textOf = (coins: readonly Coin[]): string => coins.map((c) => `${c.amount}${c.denom}`).join(",") || "nothing";

/** Ascending by denomination, as coins stand in the state. */
function plus(a: readonly Coin[], b: readonly Coin[]): Coin[] {
  const sums = new Map<string, bigint>();
  for (const { denom, amount } of [...a, ...b]) sums.set(denom, (sums.get(denom) ?? 0n) + BigInt(amount));
  const large = [...sums].find(([, amount]) => amount > MAX_AMOUNT);
  if (large) throw new Error(`${large[1]}${large[0]} is more than 256 bits`);
  return [...sums].sort(([x], [y]) => (x < y ? -1 : 1)).map(([denom, amount]) => ({ denom, amount: `${amount}` }));
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`${at}: want a list`);
  return value as readonly unknown[];
}
