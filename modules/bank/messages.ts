/** Messages of `bank`: transfers, and what governance says of them. The ante handler has authenticated who sends. */
import { checkAuthority } from "#kernel/authority.js";
import { type Amount, parseCoins, sums } from "#kernel/coin-list.js";
import { isDenom } from "#kernel/coins.js";
import { type Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type MsgChecks, type MsgHandlers } from "#kernel/services.js";
import { type BankMsg } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { bankErrors } from "./errors.js";
import { type BankWriter } from "./keeper.js";

/** Everything that costs comes after this: a message of thousands of senders is refused while it is decoded. */
export const bankChecks: MsgChecks<typeof BankMsg> = {
  multiSend({ inputs }) {
    if (inputs.length === 0) throw bankErrors.noInputs("");
    if (inputs.length > 1) throw bankErrors.multipleSenders(`got ${inputs.length}`);
  },
};

export function bankMessages(keeper: BankWriter): MsgHandlers<typeof BankMsg> {
  return {
    send(ctx, { fromAddress, toAddress, amount }) {
      checkAddress(ctx, "from", fromAddress);
      checkAddress(ctx, "to", toAddress);
      const coins = parseCoins(amount);
      keeper.checkEnabled(ctx, coins);
      keeper.checkReceiver(ctx, toAddress);
      keeper.sendCoins(ctx, fromAddress, toAddress, coins);
      return {};
    },

    multiSend(ctx, { inputs: [input], outputs }) {
      if (!input) throw bankErrors.noInputs("");
      if (outputs.length === 0) throw bankErrors.noOutputs("");
      checkAddress(ctx, "input", input.address);
      const coins = parseCoins(input.coins);
      const parts = outputs.map((o) => {
        checkAddress(ctx, "output", o.address);
        return { address: o.address, coins: parseCoins(o.coins) };
      });
      if (!equal(coins, sums(parts.flatMap((p) => p.coins)))) throw bankErrors.inputOutputMismatch("");
      keeper.checkEnabled(ctx, coins);
      for (const { address } of parts) keeper.checkReceiver(ctx, address);
      keeper.sendToMany(ctx, input.address, coins, parts);
      return {};
    },

    updateParams(ctx, { authority, params }) {
      checkAuthority(ctx, authority);
      if (!params) throw sdk.invalidRequest("params are missing");
      keeper.setParams(ctx, params);
      return {};
    },

    setSendEnabled(ctx, { authority, sendEnabled, useDefaultFor }) {
      checkAuthority(ctx, authority);
      const seen = new Set<string>();
      for (const { denom } of sendEnabled) {
        if (seen.has(denom)) throw sdk.invalidRequest(`duplicate denom entries found for ${quoted(denom)}`);
        seen.add(denom);
        if (!isDenom(denom)) throw sdk.invalidRequest(`invalid SendEnabled denom ${quoted(denom)}: invalid denom: ${plain(denom)}`);
      }
      for (const denom of useDefaultFor) if (!isDenom(denom)) throw sdk.invalidRequest(`invalid UseDefaultFor denom ${quoted(denom)}: invalid denom: ${plain(denom)}`);
      for (const { denom, enabled } of sendEnabled) keeper.setSendEnabled(ctx, denom, enabled);
      for (const denom of useDefaultFor) keeper.setSendEnabled(ctx, denom, undefined);
      return {};
    },
  };
}

/** A sender's text may hold anything and be of any length. */
const plain = (text: string): string => text.slice(0, 130).replace(/[^\x20-\x7e]/g, "?");
const quoted = (text: string): string => JSON.stringify(plain(text));

function checkAddress({ addresses }: Context, which: string, address: string): void {
  try {
    addresses.parse(address);
  } catch (e) {
    throw e instanceof ModuleError ? sdk.invalidAddress(`invalid ${which} address: ${e.message.replace(/: invalid address$/, "")}`) : e;
  }
}

const equal = (a: readonly Amount[], b: readonly Amount[]): boolean => a.length === b.length && a.every((c, i) => c.denom === b[i]?.denom && c.amount === b[i]?.amount);
