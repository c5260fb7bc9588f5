/** What anybody can ask of accounts, as the Cosmos SDK answers it. */
import { type QueryContext } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { paginate } from "#kernel/pagination.js";
import { type QueryHandlers } from "#kernel/services.js";
import { type AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";
import { anyAccount, baseOf } from "./account.js";
import { asModule } from "./module-accounts.js";
import { accounts, addressByNumber } from "./store.js";
import { type Account, type AuthKeeper, type AuthPorts, type ModuleAccountDeclaration } from "./types.js";

/** Bytes of an account's address, and of one that is derived from another. */
const LENGTHS: readonly number[] = [20, 32];

/** An address that is none is no gRPC status here, unlike in other modules' queries: the SDK hands its reader's error through. */
function plain<T>(run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw e instanceof ModuleError && e.codespace === "sdk" && e.code === sdk.invalidAddress.code ? new Error(e.message.replace(/: invalid address$/, "")) : e;
  }
}

export function authQueries(ports: AuthPorts, keeper: AuthKeeper): QueryHandlers<typeof AuthQuery> {
  const must = (ctx: QueryContext, address: string): Account => {
    const account = plain(() => keeper.get(ctx, address));
    if (!account) throw sdk.keyNotFound(`account ${address} not found`);
    return account;
  };
  /** One that a new program declares and no transaction has touched has no account yet. */
  const moduleAccount = (ctx: QueryContext, declared: ModuleAccountDeclaration): Any => {
    const address = ctx.addresses.module(declared.name);
    const account = keeper.get(ctx, address) ?? { address, accountNumber: 0n, sequence: 0n };
    return anyAccount(account.module ? account : asModule(account, declared));
  };
  return {
    accounts(ctx, { pagination: request }) {
      const { items, pagination } = paginate(ctx, accounts, request);
      return { accounts: items.map(({ value }) => anyAccount(value)), pagination };
    },
    account(ctx, { address }) {
      if (address === "") throw sdk.invalidRequest("Address cannot be empty");
      return { account: anyAccount(must(ctx, address)) };
    },
    accountAddressByID(ctx, { id, accountId }) {
      if (id !== 0n) throw sdk.invalidRequest("requesting with id isn't supported, try to request using account-id");
      const raw = addressByNumber.get(ctx, accountId);
      if (!raw) throw sdk.keyNotFound(`account address not found with account number ${accountId}`);
      return { accountAddress: ctx.addresses.format(raw) };
    },
    params: (ctx) => ({ params: keeper.params(ctx) }),
    moduleAccounts: (ctx) => ({ accounts: [...ports.accounts].sort((a, b) => (a.name < b.name ? -1 : 1)).map((a) => moduleAccount(ctx, a)) }),
    moduleAccountByName(ctx, { name }) {
      if (name === "") throw sdk.invalidRequest("module name is empty");
      const declared = ports.accounts.find((a) => a.name === name);
      if (!declared) throw sdk.keyNotFound(`account ${name} not found`);
      return { account: moduleAccount(ctx, declared) };
    },
    bech32Prefix: (ctx) => ({ bech32Prefix: ctx.addresses.prefix }),
    addressBytesToString(ctx, { addressBytes }) {
      if (addressBytes.length === 0) throw new Error("empty address bytes is not allowed");
      if (!LENGTHS.includes(addressBytes.length)) throw new Error(`got ${addressBytes.length} address bytes, want ${LENGTHS.join(" or ")}`);
      return { addressString: ctx.addresses.format(addressBytes) };
    },
    addressStringToBytes(ctx, { addressString }) {
      if (addressString.trim() === "") throw new Error("empty address string is not allowed");
      return { addressBytes: plain(() => ctx.addresses.parse(addressString)) };
    },
    accountInfo(ctx, { address }) {
      if (address === "") throw sdk.invalidRequest("address cannot be empty");
      return { info: baseOf(must(ctx, address)) };
    },
  };
}
