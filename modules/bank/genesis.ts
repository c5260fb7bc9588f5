/** Genesis of `bank`: the Cosmos SDK's JSON. Supplies may be left out: they are what the balances add up to. */
import { type Amount, parseAnyCoins, parseCoins, sums, type WireCoin, wireCoin } from "#kernel/coin-list.js";
import { isDenom, MAX_AMOUNT } from "#kernel/coins.js";
import { type Context } from "#kernel/context.js";
import { defineGenesis, type Genesis, within } from "#kernel/genesis.js";
import { type Metadata, type SendEnabled } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { type Balance, GenesisState } from "#proto/gen/cosmos/bank/v1beta1/genesis.js";
import { type BankState, restore } from "./keeper.js";
import { metadataFault, metadataOf } from "./metadata.js";
import { params } from "./params.js";
import { balances, metadata, sendEnabled } from "./store.js";
import { type BankKeeper, type BankPorts } from "./types.js";

export const bankGenesis = (ports: BankPorts, keeper: BankKeeper): Genesis =>
  defineGenesis("bank", {
    codec: GenesisState,
    params,
    init(ctx, state, at) {
      const given = balancesOf(ctx, state.balances, `${at}.balances`);
      const totals = sums(given.flatMap((b) => b.coins));
      const large = totals.find((c) => c.amount > MAX_AMOUNT);
      if (large) throw new Error(`${at}.balances: those of ${large.denom} add up to more than 256 bits`);
      if (state.supply.length > 0) checkSupply(state.supply, totals, `${at}.supply`);
      checkSendEnabled(state.sendEnabled, `${at}.send_enabled`);
      const { bondDenom } = ports.staking.params(ctx);
      checkMetadata(state.denomMetadata, `${at}.denom_metadata`);

      const named = state.denomMetadata.some((m) => m.base === bondDenom);
      for (const { address } of given) ports.auth.ensure(ctx, address);
      restore(ctx, { balances: given, metadata: named ? state.denomMetadata : [...state.denomMetadata, metadataOf(bondDenom)], sendEnabled: state.sendEnabled });
    },
    export: (ctx) => ({
      balances: byAddress(balances.entries(ctx)),
      supply: keeper.supplies(ctx).map(wireCoin),
      denomMetadata: metadata.list(ctx),
      sendEnabled: sendEnabled.entries(ctx).map(({ key: [denom], value: enabled }) => ({ denom, enabled })),
    }),
  });

function balancesOf(ctx: Context, list: readonly Balance[], at: string): BankState["balances"] {
  const seen = new Set<string>();
  return list.map(({ address, coins }, i) => {
    within(`${at}[${i}].address`, () => ctx.addresses.parse(address));
    if (seen.has(address)) throw new Error(`${at}[${i}]: ${address} stands there twice`);
    seen.add(address);
    return { address, coins: within(`${at}[${i}].coins`, () => parseAnyCoins(coins)) };
  });
}

function checkSupply(given: readonly WireCoin[], totals: readonly Amount[], at: string): void {
  const supply = new Map(within(at, () => parseCoins(given)).map((c) => [c.denom, c.amount]));
  for (const { denom, amount } of totals) {
    if (supply.get(denom) !== amount) throw new Error(`${at}: got ${supply.get(denom) ?? "nothing"} of ${denom}, balances add up to ${amount}`);
    supply.delete(denom);
  }
  for (const [denom, amount] of supply) throw new Error(`${at}: got ${amount} of ${denom}, no balance has any`);
}

function checkSendEnabled(list: readonly SendEnabled[], at: string): void {
  const twice = repeated(list.map((e) => e.denom));
  for (const [i, { denom }] of list.entries()) {
    if (!isDenom(denom)) throw new Error(`${at}[${i}].denom: ${JSON.stringify(denom)} is not a denomination`);
    if (i === twice) throw new Error(`${at}[${i}].denom: ${denom} stands there twice`);
  }
}

function checkMetadata(list: readonly Metadata[], at: string): void {
  const twice = repeated(list.map((m) => m.base));
  for (const [i, m] of list.entries()) {
    const fault = metadataFault(m);
    if (fault) throw new Error(`${at}[${i}].${fault}`);
    if (i === twice) throw new Error(`${at}[${i}].base: ${m.base} stands there twice`);
  }
}

/** Where the first one stands that stood before; −1 when there is none. */
const repeated = (names: readonly string[]): number => names.findIndex((n, i) => names.indexOf(n) !== i);

function byAddress(entries: readonly { readonly key: readonly [address: string, denom: string]; readonly value: bigint }[]): Balance[] {
  const out = new Map<string, Balance>();
  for (const { key: [address, denom], value: amount } of entries) {
    const balance = out.get(address) ?? { address, coins: [] };
    balance.coins.push(wireCoin({ denom, amount }));
    out.set(address, balance);
  }
  return [...out.values()];
}
