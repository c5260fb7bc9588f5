/** The fee: enough for this node, valid coins, taken from the first signer, from who signs to pay it, or from who granted it. */
import { lowerCase } from "#kernel/address.js";
import { coinsText, parseFee } from "#kernel/coin-list.js";
import { type Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { FEE_COLLECTOR } from "#kernel/accounts.js";
import { type Amount, type BankKeeper } from "#modules/bank/index.js";
import { type DecodedTx } from "./decode.js";
import { txEvents } from "./events.js";

/** Who may spend whose coins for fees. */
export interface FeeGrants {
  /** Notes that a grant is used. Throws a ModuleError when the granter does not pay this for the grantee. */
  use(ctx: Context, spent: { readonly granter: string; readonly grantee: string; readonly fee: readonly Amount[]; readonly messages: readonly { readonly typeUrl: string; readonly value: unknown }[] }): void;
}

export interface FeeDeps {
  readonly bank: Pick<BankKeeper, "sendCoins">;
  /** Without it no fee is granted. */
  readonly feeGrants?: FeeGrants | undefined;
}

/** base units for a million gas, and their denomination */
export interface MinGasPrice {
  readonly perMillion: bigint;
  readonly denom: string;
}

const MILLION = 1_000_000n;

export function deductFee(ctx: Context, { bank, feeGrants }: FeeDeps, tx: DecodedTx, o: { readonly simulate: boolean; readonly minGasPrice?: MinGasPrice }): void {
  const { fee } = tx.auth;
  const payer = lowerCase(fee?.payer ?? "") || (tx.signers[0] as string);
  const from = lowerCase(fee?.granter ?? "") || payer;
  const gasLimit = fee?.gasLimit ?? 0n;
  if (fee?.granter && !feeGrants) throw sdk.notSupported("fee grants");
  const coins = parseFee(fee?.amount ?? []);
  const text = coinsText(coins);
  if (o.minGasPrice && o.minGasPrice.perMillion > 0n && !o.simulate) {
    const { perMillion, denom } = o.minGasPrice;
    const want = (gasLimit * perMillion + MILLION - 1n) / MILLION;
    const got = coins.find((c) => c.denom === denom)?.amount ?? 0n;
    if (got < want) throw sdk.insufficientFee(`insufficient fees; got: ${text} required: ${want}${denom}`);
  }
  if (from !== payer && feeGrants) useGrant(ctx, feeGrants, from, payer, coins, tx);
  if (coins.length > 0) take(ctx, bank, from, coins);
  ctx.emit(txEvents.fee({ fee: text, fee_payer: from }));
}

/** The SDK says twice that funds do not suffice. */
function take(ctx: Context, bank: FeeDeps["bank"], from: string, coins: readonly Amount[]): void {
  try {
    bank.sendCoins(ctx, from, ctx.addresses.module(FEE_COLLECTOR), coins);
  } catch (e) {
    throw e instanceof ModuleError && e.codespace === "sdk" && e.code === sdk.insufficientFunds.code ? sdk.insufficientFunds(e.message) : e;
  }
}

function useGrant(ctx: Context, feeGrants: FeeGrants, granter: string, grantee: string, fee: readonly Amount[], tx: DecodedTx): void {
  try {
    feeGrants.use(ctx, { granter, grantee, fee, messages: tx.messages.map(({ handler, value }) => ({ typeUrl: handler.typeUrl, value })) });
  } catch (e) {
    throw e instanceof ModuleError ? new ModuleError(e.codespace, e.code, `${granter} does not allow to pay fees for ${grantee}: ${e.message}`) : e;
  }
}
