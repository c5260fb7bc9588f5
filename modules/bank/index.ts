/** `bank`: balances, supply, transfers. Messages, events and answers are the Cosmos SDK's own. */
import { Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { MsgMultiSend, MsgMultiSendResponse, MsgSend, MsgSendResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type AppModule, type MessageHandler } from "#kernel/module.js";
import { type View } from "#kernel/store.js";
import { parseCoins, type WireCoin } from "./coins.js";
import { bankErrors } from "./errors.js";
import { type BankKeeper, bankKeeper, balances, POOLS, STORE, supplies } from "./keeper.js";
import { bankQueries } from "./queries.js";

export { coinsText, parseFee } from "./coins.js";
export { type BankKeeper, type Pool, POOLS } from "./keeper.js";

export interface BankPorts {
  readonly params: { get(ctx: View): { readonly denom: string } };
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
  const receive = ({ addresses }: Context, to: string) => {
    const address = addresses.format(addresses.parse(to));
    if (POOLS.some((p) => addresses.module(p) === address)) throw sdk.unauthorized(`${to} is not allowed to receive funds`);
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
      receive(ctx, toAddress);
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
    // Everything that costs comes after this: a message of thousands of senders is refused while it is decoded.
    signers(m) {
      const [input, ...more] = (m as MsgMultiSend).inputs;
      if (!input) throw bankErrors.noInputs("");
      if (more.length > 0) throw bankErrors.multipleSenders(`got ${more.length + 1}`);
      return [input.address];
    },
    amino: (m) => {
      const side = (list: readonly { address: string; coins: WireCoin[] }[]) => list.map(({ address, coins }) => ({ address, coins: coins.map(({ denom, amount }) => ({ amount, denom })) }));
      return { inputs: side((m as MsgMultiSend).inputs), outputs: side((m as MsgMultiSend).outputs) };
    },
    run(ctx, message) {
      const { inputs, outputs } = message as MsgMultiSend;
      const [input] = inputs;
      if (!input) throw bankErrors.noInputs("");
      if (outputs.length === 0) throw bankErrors.noOutputs("");
      const left = new Map(parseCoins(input.coins).map((c) => [c.denom, c.amount]));
      for (const o of outputs) {
        receive(ctx, o.address);
        for (const c of parseCoins(o.coins)) {
          left.set(c.denom, (left.get(c.denom) ?? 0n) - c.amount);
          keeper.send(ctx, input.address, o.address, c.amount, c.denom);
        }
      }
      if ([...left.values()].some((v) => v !== 0n)) throw bankErrors.inputOutputMismatch("");
      return { typeUrl: "/cosmos.bank.v1beta1.MsgMultiSendResponse", value: MsgMultiSendResponse.encode({}).finish() };
    },
  };

  const metadata = (ctx: View): Metadata[] => {
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
        const address = ctx.addresses.format(key.subarray(1, 1 + length));
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
