/** `auth`: accounts, their numbers, keys and sequences. State and answers are the Cosmos SDK's own records. */
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import {
  Bech32PrefixResponse,
  QueryAccountRequest,
  QueryAccountResponse,
  QueryModuleAccountsResponse,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { readU64be, u64be } from "#kernel/bytes.js";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type AppModule } from "#kernel/module.js";
import { collection, type View } from "#kernel/store.js";
import { accountJson, accountsOf } from "./genesis.js";

export interface Account {
  readonly address: string;
  /** compressed secp256k1 key as an Any's type URL and value, once it has signed */
  readonly pubKey?: { readonly typeUrl: string; readonly value: Uint8Array } | undefined;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

export interface AuthKeeper {
  get(ctx: View, address: string): Account | undefined;
  set(ctx: Context, account: Account): void;
  /** The account, made with the next number when it is new. */
  ensure(ctx: Context, address: string): Account;
}

export const authParams = { maxMemoCharacters: 256n, txSigLimit: 7n, txSizeCostPerByte: 10n, sigVerifyCostEd25519: 590n, sigVerifyCostSecp256k1: 1000n } as const;

const STORE = "acc";
const BASE = "/cosmos.auth.v1beta1.BaseAccount";
const accounts = collection<[address: string], Account>(STORE, 1, (env, address) => env.addresses.parse(address), {
  encode: (a) => BaseAccount.encode(BaseAccount.fromPartial(a as never)).finish(),
  decode: (bytes) => BaseAccount.decode(bytes),
});
const NEXT = Uint8Array.of(2);

export function defineAuth(options: { readonly pools: readonly string[] }): { module: AppModule; keeper: AuthKeeper } {
  const keeper: AuthKeeper = {
    get: (ctx, address) => accounts.get(ctx, address),
    set: (ctx, account) => accounts.set(ctx, account, account.address),
    ensure(ctx, address) {
      const found = accounts.get(ctx, address);
      if (found) return found;
      const store = ctx.store(STORE);
      const next = store.get(NEXT);
      const accountNumber = next ? readU64be(next) : 0n;
      store.set(NEXT, u64be(accountNumber + 1n));
      const account: Account = { address, accountNumber, sequence: 0n };
      accounts.set(ctx, account, address);
      return account;
    },
  };
  const any = (a: Account) => ({ typeUrl: BASE, value: BaseAccount.encode(BaseAccount.fromPartial(a as never)).finish() });
  const moduleAccount = (name: string, baseAccount: Account) => ({
    typeUrl: "/cosmos.auth.v1beta1.ModuleAccount",
    value: ModuleAccount.encode(ModuleAccount.fromPartial({ baseAccount: baseAccount as never, name, permissions: [] })).finish(),
  });
  const module: AppModule = {
    name: "auth",
    stores: [STORE],
    messages: [],
    queries: [
      {
        path: "/cosmos.auth.v1beta1.Query/Account",
        run(ctx, bytes) {
          const { address } = QueryAccountRequest.decode(bytes);
          if (address === "") throw sdk.invalidRequest("Address cannot be empty");
          const account = keeper.get(ctx, address);
          if (!account) throw sdk.keyNotFound(`rpc error: code = NotFound desc = account ${address} not found`);
          const pool = options.pools.find((name) => ctx.addresses.module(name) === address);
          return QueryAccountResponse.encode({ account: pool === undefined ? any(account) : moduleAccount(pool, account) }).finish();
        },
      },
      { path: "/cosmos.auth.v1beta1.Query/Params", run: () => QueryParamsResponse.encode({ params: authParams }).finish() },
      { path: "/cosmos.auth.v1beta1.Query/Bech32Prefix", run: (ctx) => Bech32PrefixResponse.encode({ bech32Prefix: ctx.addresses.prefix }).finish() },
      {
        path: "/cosmos.auth.v1beta1.Query/ModuleAccounts",
        run(ctx) {
          const list = options.pools.map((name) => moduleAccount(name, keeper.get(ctx, ctx.addresses.module(name)) ?? { address: ctx.addresses.module(name), accountNumber: 0n, sequence: 0n }));
          return QueryModuleAccountsResponse.encode({ accounts: list }).finish();
        },
      },
    ],
    initGenesis(ctx, genesis) {
      const list = accountsOf(ctx, genesis);
      let next = 0n;
      for (const { accountNumber, ...account } of list) {
        if (accounts.has(ctx, account.address)) throw new Error(`app_state.auth.accounts: ${account.address} stands there twice`);
        keeper.set(ctx, { ...account, accountNumber: accountNumber ?? 0n });
        if (accountNumber !== undefined && accountNumber >= next) next = accountNumber + 1n;
      }
      // Who has no number gets one behind those that have.
      for (const { accountNumber, ...account } of list) if (accountNumber === undefined) keeper.set(ctx, { ...account, accountNumber: next++ });
      ctx.store(STORE).set(NEXT, u64be(next));
      for (const name of options.pools) keeper.ensure(ctx, ctx.addresses.module(name));
    },
    exportGenesis: (ctx) => ({ accounts: accounts.list(ctx).map(accountJson) }),
  };
  return { module, keeper };
}
