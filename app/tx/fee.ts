/** The fee: enough for this node, valid coins, taken from the first signer, from who signs to pay it, or from who granted it. */
import { lowerCase } from "#kernel/address.js";
import { coinsText, parseFee } from "#kernel/coin-list.js";
import { type Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { FEE_COLLECTOR } from "#kernel/accounts.js";
import { type Amount, type BankKeeper } from "#modules/bank/index.js";
import { type AuthKeeper } from "#modules/auth/index.js";
import { type FeegrantKeeper } from "#modules/feegrant/index.js";
import { type FeesKeeper } from "#modules/fees/index.js";
import { type DecodedTx } from "./decode.js";
import { txEvents } from "./events.js";

export interface FeeDeps {
  readonly auth: Pick<AuthKeeper, "get">;
  readonly bank: Pick<BankKeeper, "sendCoins" | "supply">;
  /** who may spend whose coins for fees */
  readonly feegrant: Pick<FeegrantKeeper, "use">;
  /** what gas costs at least, in CheckTx and in blocks */
  readonly fees: Pick<FeesKeeper, "least" | "mostOfOne">;
}

/** A node's own: base units for a million gas. */
export type MinGasPrice = bigint;

const MILLION = 1_000_000n;

export interface FeeOptions {
  readonly simulate: boolean;
  /** a transaction of the genesis, which pays nothing */
  readonly genesis?: boolean;
  readonly minGasPrice?: MinGasPrice;
}

export function deductFee(ctx: Context, { auth, bank, feegrant, fees }: FeeDeps, tx: DecodedTx, o: FeeOptions): void {
  const { fee } = tx.auth;
  const payer = lowerCase(fee?.payer ?? "") || (tx.signers[0] as string);
  const from = lowerCase(fee?.granter ?? "") || payer;
  const gasLimit = fee?.gasLimit ?? 0n;
  if (fee?.granter) ctx.addresses.parse(fee.granter);
  const coins = parseFee(fee?.amount ?? []);
  const text = coinsText(coins);
  let priced: string | undefined;
  if (!o.genesis) {
    // Of a simulation too, for its gas; but it may not know yet what it has to pay, nor how much gas it wants.
    const { amount: least, denom, takes } = fees.least(ctx, o.simulate ? MILLION : gasLimit);
    if (least > 0n) priced = denom;
    const own = (gasLimit * (o.minGasPrice ?? 0n) + MILLION - 1n) / MILLION;
    const want = own > least ? own : least;
    // One coin pays all of it, of a denomination that there is.
    const pays = (c: Amount): boolean => c.amount >= want && takes(c.denom) && (c.denom === denom || bank.supply(ctx, c.denom) > 0n);
    if (want > 0n && !o.simulate && !coins.some(pays)) throw sdk.insufficientFee(`insufficient fees; got: ${text} required: ${want}${denom}`);
  }
  if (from !== payer) useGrant(ctx, feegrant, from, payer, coins, tx);
  if (!auth.get(ctx, from)) throw sdk.unknownAddress(`fee payer address: ${from} does not exist`);
  if (coins.length > 0) take(ctx, bank, from, coins);
  else if (o.simulate && priced !== undefined) paySomething(ctx, bank, from, priced);
  ctx.emit(txEvents.fee({ fee: text, fee_payer: from }));
}

/** What paying costs in gas, where a simulation does not say what it will pay: of no effect, and told nowhere. */
function paySomething(ctx: Context, bank: FeeDeps["bank"], from: string, denom: string): void {
  try {
    take(ctx.branch(), bank, from, [{ denom, amount: 1n }]);
  } catch (e) {
    // who owns nothing pays nothing, and hears of it when it sends
    if (!(e instanceof ModuleError) || e.code !== sdk.insufficientFunds.code) throw e;
  }
}

/** The SDK says twice that funds do not suffice. */
function take(ctx: Context, bank: FeeDeps["bank"], from: string, coins: readonly Amount[]): void {
  try {
    bank.sendCoins(ctx, from, ctx.addresses.module(FEE_COLLECTOR), coins);
  } catch (e) {
    throw e instanceof ModuleError && e.codespace === "sdk" && e.code === sdk.insufficientFunds.code ? sdk.insufficientFunds(e.message) : e;
  }
}

function useGrant(ctx: Context, feegrant: FeeDeps["feegrant"], granter: string, grantee: string, fee: readonly Amount[], tx: DecodedTx): void {
  try {
    feegrant.use(ctx, { granter, grantee, fee, messages: tx.messages.map(({ handler }) => handler) });
  } catch (e) {
    throw e instanceof ModuleError ? new ModuleError(e.codespace, e.code, `${granter} does not allow to pay fees for ${grantee}: ${e.message}`) : e;
  }
}
