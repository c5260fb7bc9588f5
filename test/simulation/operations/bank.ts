/** Coins go from one to another. */
import { MsgMultiSend, MsgSend, MsgSetSendEnabled, MsgUpdateParams } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { coin, DENOM } from "#test/chain/chain.js";
import { OTHER } from "../genesis.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";

/** Some of what the account has, in one denomination or two; ascending by it. */
export function coinsOf(s: Simulation, address: string, part = 20n): { denom: string; amount: string }[] {
  const denoms = s.random.percent(80) ? [DENOM] : [OTHER, DENOM];
  return denoms.map((denom) => coin(s.random.amount(s.balance(address, denom) / part), denom)).filter((c) => c.amount !== "0");
}

function send(s: Simulation): void {
  const fromAddress = s.random.pick(s.names.accounts);
  const toAddress = s.random.percent(90) ? s.random.pick(s.names.accounts) : s.random.percent(90) ? s.newcomer() : s.chain.environment.addresses.module("distribution");
  s.send(MsgSend, { fromAddress, toAddress, amount: coinsOf(s, fromAddress) });
}

function multiSend(s: Simulation): void {
  const from = s.random.pick(s.names.accounts);
  const parts = [1n, BigInt(s.random.between(1, 1_000)), BigInt(s.random.between(0, 1_000))];
  const sum = parts.reduce((a, b) => a + b, 0n) + (s.random.percent(95) ? 0n : 1n);
  s.send(MsgMultiSend, { inputs: [{ address: from, coins: [coin(sum)] }], outputs: parts.map((p) => ({ address: s.random.pick(s.names.accounts), coins: [coin(p)] })) });
}

export const bank: ModuleOperations = {
  operations: [[8, send], [3, multiSend]],
  governed: [
    (s) => encoded(MsgUpdateParams, { authority: s.authority, params: { sendEnabled: [], defaultSendEnabled: s.random.percent(90) } }),
    (s) => encoded(MsgSetSendEnabled, { authority: s.authority, sendEnabled: [{ denom: OTHER, enabled: s.random.percent(50) }], useDefaultFor: s.random.percent(50) ? [DENOM] : [] }),
  ],
};
