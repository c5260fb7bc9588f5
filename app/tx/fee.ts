/** The fee: enough for this node, valid coins, taken from the first signer, from who signs to pay it, or from who granted it. */
import { type Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type AuthKeeper, FEE_COLLECTOR } from "#modules/auth/index.js";
import { type Amount, type BankKeeper, parseFee } from "#modules/bank/index.js";
import { type FeegrantKeeper } from "#modules/feegrant/index.js";
import { type DecodedTx } from "./decode.js";
import { txEvents } from "./events.js";

export interface FeeDeps {
  readonly auth: Pick<AuthKeeper, "get">;
  readonly bank: Pick<BankKeeper, "send">;
  /** who may spend whose coins for fees */
  readonly feegrant: Pick<FeegrantKeeper, "use">;
}

/** base units for a million gas, and their denomination */
export interface MinGasPrice {
  readonly perMillion: bigint;
  readonly denom: string;
}

const MILLION = 1_000_000n;

export function deductFee(ctx: Context, { auth, bank, feegrant }: FeeDeps, tx: DecodedTx, o: { readonly simulate: boolean; readonly minGasPrice?: MinGasPrice }): void {
  const { fee } = tx.auth;
  const payer = fee?.payer || (tx.signers[0] as string);
  const from = fee?.granter || payer;
  const gasLimit = fee?.gasLimit ?? 0n;
  if (fee?.granter) ctx.addresses.parse(fee.granter);
  const coins = parseFee(fee?.amount ?? []);
  const text = coins.map((c) => `${c.amount}${c.denom}`).join(",");
  if (o.minGasPrice && o.minGasPrice.perMillion > 0n && !o.simulate) {
    const { perMillion, denom } = o.minGasPrice;
    const want = (gasLimit * perMillion + MILLION - 1n) / MILLION;
    const got = coins.find((c) => c.denom === denom)?.amount ?? 0n;
    if (got < want) throw sdk.insufficientFee(`insufficient fees; got: ${text} required: ${want}${denom}`);
  }
  if (from !== payer) useGrant(ctx, feegrant, from, payer, coins, tx);
  if (!auth.get(ctx, from)) throw sdk.unknownAddress(`fee payer address: ${from} does not exist`);
  for (const c of coins) bank.send(ctx, from, ctx.addresses.module(FEE_COLLECTOR), c.amount, c.denom);
  ctx.emit(txEvents.fee({ fee: text, fee_payer: from }));
}

function useGrant(ctx: Context, feegrant: FeeDeps["feegrant"], granter: string, grantee: string, fee: readonly Amount[], tx: DecodedTx): void {
  try {
    feegrant.use(ctx, { granter, grantee, fee, messages: tx.messages.map(({ handler }) => handler) });
  } catch (e) {
    throw e instanceof ModuleError ? new ModuleError(e.codespace, e.code, `${granter} does not allow to pay fees for ${grantee}: ${e.message}`) : e;
  }
}
