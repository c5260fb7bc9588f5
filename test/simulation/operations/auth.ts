/** What transactions may be; and their fees, which others may pay: app/tx/fee.ts does as much of it as the modules see. */
import { FEE_COLLECTOR } from "#kernel/accounts.js";
import { ModuleError } from "#kernel/errors.js";
import { FeegrantQuery } from "#proto/gen/cosmos/feegrant/v1beta1/query.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/auth/v1beta1/tx.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { DENOM } from "#test/chain/chain.js";
import { encoded, type ModuleOperations } from "../operation.js";
import type { Simulation } from "../simulation.js";
import { changed } from "./params.js";

function fee(s: Simulation): void {
  const { random, chain } = s;
  const grantee = random.pick(s.names.accounts);
  const granter = random.percent(50) ? random.some(chain.query(FeegrantQuery.methods.allowances, { grantee }).allowances)?.granter : undefined;
  const coins = [{ denom: DENOM, amount: BigInt(random.between(1, random.percent(80) ? 1_000 : 100_000)) }];
  s.step("fee", (c) => {
    const ctx = c.ctx.branch();
    try {
      if (granter !== undefined) c.k.feegrant.use(ctx, { granter, grantee, fee: coins, messages: [{ typeUrl: MsgSend.typeUrl }] });
      c.k.bank.sendCoins(ctx, granter ?? grantee, c.environment.addresses.module(FEE_COLLECTOR), coins);
    } catch (e) {
      if (e instanceof ModuleError) return `${e.codespace}/${e.code}`;
      throw e;
    }
    ctx.commit();
    return undefined;
  });
}

export const auth: ModuleOperations = {
  operations: [[10, fee]],
  governed: [
    (s) => encoded(MsgUpdateParams, { authority: s.authority, params: changed(s, s.chain.k.auth.params(s.chain.ctx), { maxMemoCharacters: () => BigInt(s.random.below(1_000)), txSigLimit: () => BigInt(s.random.between(1, 9)) }) }),
  ],
};
