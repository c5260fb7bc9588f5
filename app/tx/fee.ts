/** The fee: enough for this node, valid coins, taken from the first signer. */
import { type Context, event } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type BankKeeper, parseFee } from "#modules/bank/index.js";
import { type DecodedTx } from "./decode.js";

/** base units for a million gas, and their denomination */
export interface MinGasPrice {
  readonly perMillion: bigint;
  readonly denom: string;
}

const MILLION = 1_000_000n;

export function deductFee(ctx: Context, bank: BankKeeper, tx: DecodedTx, o: { readonly simulate: boolean; readonly minGasPrice?: MinGasPrice }): void {
  const { fee } = tx.auth;
  const payer = tx.signers[0] as string;
  const gasLimit = fee?.gasLimit ?? 0n;
  if (fee?.granter) throw sdk.notSupported("fee grants");
  if (fee?.payer && fee.payer !== payer) throw sdk.notSupported("a fee payer other than the first signer");
  const coins = parseFee(fee?.amount ?? []);
  const text = coins.map((c) => `${c.amount}${c.denom}`).join(",");
  if (o.minGasPrice && o.minGasPrice.perMillion > 0n && !o.simulate) {
    const { perMillion, denom } = o.minGasPrice;
    const want = (gasLimit * perMillion + MILLION - 1n) / MILLION;
    const got = coins.find((c) => c.denom === denom)?.amount ?? 0n;
    if (got < want) throw sdk.insufficientFee(`insufficient fees; got: ${text} required: ${want}${denom}`);
  }
  for (const c of coins) if (c.amount > 0n) bank.send(ctx, payer, ctx.addresses.module("fee_collector"), c.amount, c.denom);
  ctx.emit(event("tx", { fee: text, fee_payer: payer }));
}
