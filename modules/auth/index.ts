/** `auth`: accounts, their numbers, keys and sequences. State and answers are the Cosmos SDK's own records. */
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import {
  Bech32PrefixResponse,
  QueryAccountRequest,
  QueryAccountResponse,
  QueryModuleAccountsResponse,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { addressPrefix, fromBech32, moduleAddress } from "#kernel/address.js";
import { readU64be, u64be } from "#kernel/bytes.js";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type AppModule } from "#kernel/module.js";
import { collection, type HasStore } from "#kernel/store.js";

export interface Account {
  readonly address: string;
  /** compressed secp256k1 key as an Any's type URL and value, once it has signed */
  readonly pubKey?: { readonly typeUrl: string; readonly value: Uint8Array } | undefined;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

export interface AuthKeeper {
  get(ctx: HasStore, address: string): Account | undefined;
  set(ctx: Context, account: Account): void;
  /** The account, made with the next number when it is new. */
  ensure(ctx: Context, address: string): Account;
}

export const authParams = { maxMemoCharacters: 256n, txSigLimit: 7n, txSizeCostPerByte: 10n, sigVerifyCostEd25519: 590n, sigVerifyCostSecp256k1: 1000n } as const;

const STORE = "acc";
const BASE = "/cosmos.auth.v1beta1.BaseAccount";
const accounts = collection<[address: string], Account>(STORE, 1, (address) => fromBech32(address), {
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
  const module: AppModule = {
    name: "auth",
    stores: [STORE],
    messages: [],
    queries: [
      {
        path: "/cosmos.auth.v1beta1.Query/Account",
        run(ctx, bytes) {
          const { address } = QueryAccountRequest.decode(bytes);
          const account = keeper.get(ctx, address);
          if (!account) throw sdk.keyNotFound(`rpc error: code = NotFound desc = account ${address} not found`);
          return QueryAccountResponse.encode({ account: any(account) }).finish();
        },
      },
      { path: "/cosmos.auth.v1beta1.Query/Params", run: () => QueryParamsResponse.encode({ params: authParams }).finish() },
      { path: "/cosmos.auth.v1beta1.Query/Bech32Prefix", run: () => Bech32PrefixResponse.encode({ bech32Prefix: addressPrefix() }).finish() },
      {
        path: "/cosmos.auth.v1beta1.Query/ModuleAccounts",
        run(ctx) {
          const list = options.pools.map((name) => {
            const baseAccount = keeper.get(ctx, moduleAddress(name)) ?? { address: moduleAddress(name), accountNumber: 0n, sequence: 0n };
            const value = ModuleAccount.encode(ModuleAccount.fromPartial({ baseAccount: baseAccount as never, name, permissions: [] })).finish();
            return { typeUrl: "/cosmos.auth.v1beta1.ModuleAccount", value };
          });
          return QueryModuleAccountsResponse.encode({ accounts: list }).finish();
        },
      },
    ],
    initGenesis(ctx, genesis) {
      for (const a of ((genesis ?? {}) as { accounts?: { address: string }[] }).accounts ?? []) {
        fromBech32(a.address);
        keeper.ensure(ctx, a.address);
      }
      for (const name of options.pools) keeper.ensure(ctx, moduleAddress(name));
    },
    exportGenesis: (ctx) => ({ accounts: accounts.list(ctx).map((a) => ({ address: a.address, account_number: `${a.accountNumber}`, sequence: `${a.sequence}` })) }),
  };
  return { module, keeper };
}
