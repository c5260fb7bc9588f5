/**
 * What is checked and taken before a transaction's messages run, in the Cosmos SDK's order: gas limit, memo, size,
 * fee, keys, number of signatures, signature gas, signatures, sequences.
 */
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { moduleAddress } from "#kernel/address.js";
import { type Context, event } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { base64 } from "#proto/json.js";
import { authParams, type AuthKeeper } from "#modules/auth/index.js";
import { type BankKeeper } from "#modules/bank/index.js";
import { addressOfKey, type AnyKey, keyCount, verifySignature } from "./pubkey.js";
import { type DecodedTx } from "./decode.js";
import { signBytes } from "./sign-mode.js";

export interface AnteDeps {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
}

export interface AnteOptions {
  readonly simulate: boolean;
  /** only in CheckTx: the node's own minimum, base units for a million gas, and their denomination */
  readonly minGasPrice?: { readonly perMillion: bigint; readonly denom: string };
}

const SIMULATED_SIGNATURE = 64;

/** Throws the SDK's code; what it wrote to ctx stays only when the caller keeps it. */
export function runAnte(ctx: Context, tx: DecodedTx, { auth, bank }: AnteDeps, o: AnteOptions): void {
  const { body, auth: info } = tx;
  const { fee, signerInfos } = info;
  if (body.timeoutHeight > 0n && ctx.block.height > body.timeoutHeight) throw sdk.txTimeoutHeight(`block height: ${ctx.block.height}, timeout height: ${body.timeoutHeight}`);
  if (!o.simulate && tx.raw.signatures.length === 0) throw sdk.noSignatures("");
  // One more than wanted would be checked by nobody: anyone could append it and so change the transaction's hash.
  if (!o.simulate && tx.raw.signatures.length !== tx.signers.length) {
    throw sdk.unauthorized(`wrong number of signers; expected ${tx.signers.length}, got ${tx.raw.signatures.length}`);
  }
  if (BigInt(new TextEncoder().encode(body.memo).length) > authParams.maxMemoCharacters) {
    throw sdk.memoTooLarge(`maximum number of characters is ${authParams.maxMemoCharacters} but received ${body.memo.length} characters`);
  }
  ctx.gas.consume(authParams.txSizeCostPerByte * BigInt(tx.size), "txSize");

  const payer = tx.signers[0] as string;
  if (fee?.granter) throw sdk.notSupported("fee grants");
  if (fee?.payer && fee.payer !== payer) throw sdk.notSupported("a fee payer other than the first signer");
  deductFee(ctx, bank, payer, tx, o);

  if (signerInfos.length !== tx.signers.length) throw sdk.unauthorized(`invalid number of signer; expected: ${tx.signers.length}, got ${signerInfos.length}`);
  const accounts = tx.signers.map((address, i) => {
    const account = auth.get(ctx, address);
    if (!account) throw sdk.unknownAddress(`account ${address} does not exist`);
    const given = signerInfos[i]?.publicKey as AnyKey | undefined;
    if (account.pubKey) return account;
    if (!given) {
      if (o.simulate) return account;
      throw sdk.invalidPubKey("PubKey not found");
    }
    if (addressOfKey(given) !== address) throw sdk.invalidPubKey(`pubKey does not match signer address ${address} with signer index: ${i}`);
    const known = { ...account, pubKey: { typeUrl: given.typeUrl, value: given.value } };
    auth.set(ctx, known);
    return known;
  });

  const count = accounts.reduce((n, a) => n + (a.pubKey ? keyCount(a.pubKey) : 1), 0);
  if (BigInt(count) > authParams.txSigLimit) throw sdk.tooManySignatures(`signatures: ${count}, limit: ${authParams.txSigLimit}`);
  ctx.gas.consume(authParams.sigVerifyCostSecp256k1 * BigInt(count), "ante verify: secp256k1");

  accounts.forEach((account, i) => {
    const signer = signerInfos[i] as (typeof signerInfos)[number];
    if (signer.sequence !== account.sequence) throw sdk.wrongSequence(`account sequence mismatch, expected ${account.sequence}, got ${signer.sequence}`);
    if (!o.simulate) {
      const data = { chainId: ctx.block.chainId, accountNumber: account.accountNumber, sequence: account.sequence };
      const signature = tx.raw.signatures[i] ?? new Uint8Array(0);
      let valid = false;
      try {
        valid = account.pubKey !== undefined && verifySignature(account.pubKey, signer.modeInfo, signature, (mode) => signBytes(mode, tx, data));
      } catch (e) {
        if (e instanceof Error && e.name === "ModuleError") throw e;
      }
      if (!valid) {
        const amino = signer.modeInfo?.single?.mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON;
        throw sdk.unauthorized(
          amino
            ? `signature verification failed; please verify account number (${account.accountNumber}), sequence (${account.sequence}) and chain-id (${ctx.block.chainId})`
            : `signature verification failed; please verify account number (${account.accountNumber}) and chain-id (${ctx.block.chainId}): (unable to verify single signer signature)`,
        );
      }
    }
    auth.set(ctx, { ...account, sequence: account.sequence + 1n });
    ctx.emit(event("tx", { acc_seq: `${account.address}/${signer.sequence}` }));
  });
  const signatures = o.simulate ? [new Uint8Array(SIMULATED_SIGNATURE)] : tx.raw.signatures;
  for (const s of signatures) ctx.emit(event("tx", { signature: base64(s) }));
}

function deductFee(ctx: Context, bank: BankKeeper, payer: string, tx: DecodedTx, o: AnteOptions): void {
  const coins = tx.auth.fee?.amount ?? [];
  const text = coins.map((c) => `${c.amount}${c.denom}`).join(",");
  for (const c of coins) if (!/^[0-9]{1,78}$/.test(c.amount)) throw sdk.insufficientFee(`invalid fee ${text}`);
  if (o.minGasPrice && o.minGasPrice.perMillion > 0n && !o.simulate) {
    const { perMillion, denom } = o.minGasPrice;
    const want = ((tx.auth.fee?.gasLimit ?? 0n) * perMillion + 999_999n) / 1_000_000n;
    const got = BigInt(coins.find((c) => c.denom === denom)?.amount ?? "0");
    if (got < want) throw sdk.insufficientFee(`insufficient fees; got: ${text} required: ${want}${denom}`);
  }
  for (const c of coins) bank.send(ctx, payer, feeCollector(), BigInt(c.amount), c.denom);
  ctx.emit(event("tx", { fee: text, fee_payer: payer }));
}

const feeCollector = (): string => moduleAddress("fee_collector");
