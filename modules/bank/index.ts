/** `bank`: balances, supply, transfers. Messages, events and answers are the Cosmos SDK's own. */
import { Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { MsgMultiSend, MsgMultiSendResponse, MsgSend, MsgSendResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { fromBech32, moduleAddress, toBech32 } from "#kernel/address.js";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type AppModule, type MessageHandler } from "#kernel/module.js";
import { type HasStore } from "#kernel/store.js";
import { type BankKeeper, bankKeeper, balances, POOLS, STORE, supplies } from "./keeper.js";
import { bankQueries } from "./queries.js";

export { type BankKeeper, type Pool, POOLS } from "./keeper.js";

interface WireCoin {
  readonly denom: string;
  readonly amount: string;
}

const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;
/** 256-bit amounts, as in the SDK */
const MAX_AMOUNT = (1n << 256n) - 1n;

/** Coins as the SDK wants them: valid, positive, denominations ascending, none twice. */
function parseCoins(list: readonly WireCoin[]): { denom: string; amount: bigint }[] {
  const text = list.map((c) => `${c.amount}${c.denom}`).join(",");
  if (list.length === 0) throw sdk.invalidCoins("");
  return list.map(({ denom, amount }, i) => {
    const before = list[i - 1];
    if (!DENOM.test(denom) || !/^[0-9]{1,78}$/.test(amount) || (before && before.denom >= denom)) throw sdk.invalidCoins(text);
    const value = BigInt(amount);
    if (value < 1n || value > MAX_AMOUNT) throw sdk.invalidCoins(text);
    return { denom, amount: value };
  });
}

export interface BankPorts {
  readonly params: { get(ctx: HasStore): { readonly denom: string } };
  /** makes the receiver's account when it is new */
  readonly auth: { ensure(ctx: Context, address: string): unknown };
}

export function defineBank({ params, auth }: BankPorts): { module: AppModule; keeper: BankKeeper } {
  const inner = bankKeeper((ctx) => params.get(ctx).denom);
  const keeper: BankKeeper = {
    ...inner,
    send(ctx, from, to, amount, denom) {
      inner.send(ctx, from, to, amount, denom);
      auth.ensure(ctx, to);
    },
    toPool: (ctx, from, pool, amount) => inner.toPool(ctx, from, pool, amount),
    fromPool(ctx, pool, to, amount) {
      inner.fromPool(ctx, pool, to, amount);
      auth.ensure(ctx, to);
    },
  };
  const pools = () => new Set(POOLS.map((p) => moduleAddress(p)));
  const receive = (to: string) => {
    fromBech32(to);
    if (pools().has(to)) throw sdk.unauthorized(`${to} is not allowed to receive funds`);
  };

  const send: MessageHandler = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    aminoName: "cosmos-sdk/MsgSend",
    module: "bank",
    decode: (value) => MsgSend.decode(value),
    encode: (m) => MsgSend.encode(m as MsgSend).finish(),
    signers: (m) => [(m as MsgSend).fromAddress],
    amino: (m) => {
      const { fromAddress, toAddress, amount } = m as MsgSend;
      return { amount: amount.map(({ denom, amount: a }) => ({ amount: a, denom })), from_address: fromAddress, to_address: toAddress };
    },
    run(ctx, message) {
      const { fromAddress, toAddress, amount } = message as MsgSend;
      receive(toAddress);
      for (const c of parseCoins(amount)) keeper.send(ctx, fromAddress, toAddress, c.amount, c.denom);
      return { typeUrl: "/cosmos.bank.v1beta1.MsgSendResponse", value: MsgSendResponse.encode({}).finish() };
    },
  };
  const multiSend: MessageHandler = {
    typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend",
    aminoName: "cosmos-sdk/MsgMultiSend",
    module: "bank",
    decode: (value) => MsgMultiSend.decode(value),
    encode: (m) => MsgMultiSend.encode(m as MsgMultiSend).finish(),
    signers: (m) => (m as MsgMultiSend).inputs.map((i) => i.address),
    amino: (m) => {
      const side = (list: readonly { address: string; coins: WireCoin[] }[]) => list.map(({ address, coins }) => ({ address, coins: coins.map(({ denom, amount }) => ({ amount, denom })) }));
      return { inputs: side((m as MsgMultiSend).inputs), outputs: side((m as MsgMultiSend).outputs) };
    },
    run(ctx, message) {
      const { inputs, outputs } = message as MsgMultiSend;
      const [input] = inputs;
      if (inputs.length !== 1 || !input) throw sdk.invalidRequest(`multisend: got ${inputs.length} senders, want one`);
      if (outputs.length === 0) throw sdk.invalidRequest("multisend: no outputs");
      const left = new Map(parseCoins(input.coins).map((c) => [c.denom, c.amount]));
      for (const o of outputs) {
        receive(o.address);
        for (const c of parseCoins(o.coins)) {
          left.set(c.denom, (left.get(c.denom) ?? 0n) - c.amount);
          keeper.send(ctx, input.address, o.address, c.amount, c.denom);
        }
      }
      if ([...left.values()].some((v) => v !== 0n)) throw sdk.invalidRequest("multisend: sum of inputs is not the sum of outputs");
      return { typeUrl: "/cosmos.bank.v1beta1.MsgMultiSendResponse", value: MsgMultiSendResponse.encode({}).finish() };
    },
  };

  const metadata = (ctx: HasStore): Metadata[] => {
    const base = params.get(ctx).denom;
    const display = base.startsWith("u") ? base.slice(1) : base;
    return [
      Metadata.fromPartial({
        description: "The token that pays for machine learning work",
        denomUnits: [
          { denom: base, exponent: 0, aliases: [] },
          { denom: display, exponent: 6, aliases: [] },
        ],
        base,
        display,
        name: display.toUpperCase(),
        symbol: display.toUpperCase(),
      }),
    ];
  };

  const module: AppModule = {
    name: "bank",
    stores: [STORE],
    messages: [send, multiSend],
    queries: bankQueries(keeper, metadata),
    initGenesis(ctx, genesis) {
      const totals = new Map<string, bigint>();
      for (const [i, b] of (((genesis ?? {}) as { balances?: { address: string; coins: WireCoin[] }[] }).balances ?? []).entries()) {
        auth.ensure(ctx, b.address);
        if (keeper.balances(ctx, b.address).length > 0) throw new Error(`app_state.bank.balances[${i}]: ${b.address} stands there twice`);
        for (const c of parseCoins(b.coins)) {
          balances.set(ctx, c.amount, b.address, c.denom);
          totals.set(c.denom, (totals.get(c.denom) ?? 0n) + c.amount);
        }
      }
      for (const [denom, amount] of totals) supplies.set(ctx, amount, denom);
    },
    exportGenesis(ctx) {
      const byAddress = new Map<string, { denom: string; amount: string }[]>();
      for (const [key, amount] of balances.entries(ctx)) {
        const length = key[0] as number;
        const address = toBech32(key.subarray(1, 1 + length));
        const list = byAddress.get(address) ?? [];
        list.push({ denom: String.fromCharCode(...key.subarray(1 + length)), amount: `${amount}` });
        byAddress.set(address, list);
      }
      return { balances: [...byAddress].map(([address, coins]) => ({ address, coins })) };
    },
    invariants: {
      "supply is the sum of balances"(ctx) {
        const sums = new Map<string, bigint>();
        for (const [key, amount] of balances.entries(ctx)) {
          const denom = String.fromCharCode(...key.subarray(1 + (key[0] as number)));
          sums.set(denom, (sums.get(denom) ?? 0n) + amount);
        }
        for (const { denom, amount } of keeper.supplies(ctx)) {
          if (sums.get(denom) !== amount) return `supply of ${denom} is ${amount}, balances add up to ${sums.get(denom) ?? 0n}`;
          sums.delete(denom);
        }
        for (const denom of sums.keys()) return `balances of ${denom} without a supply`;
        return undefined;
      },
    },
  };
  return { module, keeper };
}
