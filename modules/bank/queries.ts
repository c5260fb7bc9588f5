/** What anybody can ask of balances, as the Cosmos SDK answers it. What can be spent is judged at the time of the block that is asked. */
import { amountOf, wireCoin } from "#kernel/coin-list.js";
import { type QueryContext } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type Page, paginate } from "#kernel/pagination.js";
import { type QueryHandlers } from "#kernel/services.js";
import { type Metadata } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { type BankQuery, type DenomOwner } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { type PageRequest } from "#proto/gen/cosmos/base/query/v1beta1/pagination.js";
import { type Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { isDenom } from "#kernel/coins.js";
import { balances, metadata, owners, sendEnabled, supplies } from "./store.js";
import { type BankKeeper, type BankPorts } from "./types.js";

type Request = PageRequest | undefined;

export function bankQueries(ports: BankPorts, keeper: BankKeeper): QueryHandlers<typeof BankQuery> {
  const balance = (ctx: QueryContext, address: string, denom: string): Coin => wireCoin({ denom, amount: keeper.balance(ctx, address, valid(denom)) });
  const ownersOf = (ctx: QueryContext, denom: string, request: Request): Page<DenomOwner> => {
    const { items, pagination } = paginate(ctx, owners, request, [valid(denom)]);
    return { items: items.map(({ key: [, address] }) => ({ address, balance: balance(ctx, address, denom) })), pagination };
  };
  return {
    balance: (ctx, { address, denom }) => ({ balance: balance(ctx, address, denom) }),
    allBalances(ctx, { address, pagination: request, resolveDenom }) {
      const { items, pagination } = balancesOf(ctx, address, request);
      const shown = (denom: string): string => metadata.get(ctx, denom)?.display ?? denom;
      return { balances: resolveDenom ? items.map((c) => ({ ...c, denom: shown(c.denom) })) : items, pagination };
    },
    spendableBalances(ctx, { address, pagination: request }) {
      const { items, pagination } = balancesOf(ctx, address, request);
      const locked = ports.auth.locked(ctx, address);
      // Where more is locked of anything than is there, the SDK answers that nothing at all can be spent.
      const none = locked.some((c) => keeper.balance(ctx, address, c.denom) < c.amount);
      const left = ({ denom, amount }: Coin): bigint => (none ? 0n : BigInt(amount) - amountOf(locked, denom));
      return { balances: items.map((c) => wireCoin({ denom: c.denom, amount: left(c) })), pagination };
    },
    spendableBalanceByDenom(ctx, { address, denom }) {
      ctx.addresses.parse(address);
      const has = keeper.balance(ctx, address, valid(denom));
      const kept = amountOf(ports.auth.locked(ctx, address), denom);
      return { balance: wireCoin({ denom, amount: has > kept ? has - kept : 0n }) };
    },
    totalSupply(ctx, { pagination: request }) {
      const { items, pagination } = paginate(ctx, supplies, request);
      return { supply: items.map(({ key: [denom], value: amount }) => wireCoin({ denom, amount })), pagination };
    },
    supplyOf: (ctx, { denom }) => ({ amount: wireCoin({ denom, amount: keeper.supply(ctx, valid(denom)) }) }),
    params: (ctx) => ({ params: keeper.params(ctx) }),
    denomMetadata: (ctx, { denom }) => ({ metadata: metadataOf(ctx, denom) }),
    denomMetadataByQueryString: (ctx, { denom }) => ({ metadata: metadataOf(ctx, denom) }),
    denomsMetadata(ctx, { pagination: request }) {
      const { items, pagination } = paginate(ctx, metadata, request);
      return { metadatas: items.map((e) => e.value), pagination };
    },
    denomOwners(ctx, { denom, pagination: request }) {
      const { items, pagination } = ownersOf(ctx, denom, request);
      return { denomOwners: items, pagination };
    },
    denomOwnersByQuery(ctx, { denom, pagination: request }) {
      const { items, pagination } = ownersOf(ctx, denom, request);
      return { denomOwners: items, pagination };
    },
    sendEnabled(ctx, { denoms, pagination: request }) {
      if (denoms.length > 0) {
        const named = denoms.map((denom) => ({ denom, enabled: sendEnabled.get(ctx, denom) }));
        return { sendEnabled: named.flatMap(({ denom, enabled }) => (enabled === undefined ? [] : [{ denom, enabled }])) };
      }
      const { items, pagination } = paginate(ctx, sendEnabled, request);
      return { sendEnabled: items.map(({ key: [denom], value: enabled }) => ({ denom, enabled })), pagination };
    },
  };
}

function valid(denom: string): string {
  if (!isDenom(denom)) throw sdk.invalidRequest(`invalid denom: ${denom.slice(0, 130).replace(/[^\x20-\x7e]/g, "?")}`);
  return denom;
}

function balancesOf(ctx: QueryContext, address: string, request: Request): Page<Coin> {
  const { items, pagination } = paginate(ctx, balances, request, [address]);
  return { items: items.map(({ key: [, denom], value: amount }) => wireCoin({ denom, amount })), pagination };
}

function metadataOf(ctx: QueryContext, denom: string): Metadata {
  const found = metadata.get(ctx, valid(denom));
  if (!found) throw sdk.keyNotFound(`client metadata for denom ${denom}`);
  return found;
}
