/**
 * What is checked and taken before a transaction's messages run, in the Cosmos SDK's order: gas limit, extension options,
 * presence of signatures, timeouts, memo, size, fee, keys, number of signatures, signature gas, signatures, sequences.
 */
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { type ModeInfo, type SignerInfo } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { equalBytes } from "#kernel/bytes.js";
import { type Context } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type Account, type AuthKeeper } from "#modules/auth/index.js";
import { type Params } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { base64 } from "#proto/json.js";
import { type DecodedTx } from "./decode.js";
import { txEvents } from "./events.js";
import { deductFee, type FeeDeps, type MinGasPrice } from "./fee.js";
import { addressOfKey, type AnyKey, keyCount, MULTISIG, SIMULATED_KEY, signatureParts, signaturesGiven, simulatedSize, verifySignature } from "./pubkey.js";
import { hasSeparators, type Separators, signBytes, SignModeFault } from "./sign-mode.js";
import { checkTimeouts } from "./timeout.js";
import { useTimeout } from "./unordered.js";

export interface AnteDeps extends FeeDeps {
  readonly auth: AuthKeeper;
}

export interface AnteOptions {
  /** of the auth module */
  readonly params: Params;
  readonly simulate: boolean;
  /** Before the first block nobody has an account number yet: who signs takes 0, as in the Cosmos SDK. */
  readonly genesis?: boolean;
  /** only in CheckTx: the node's own minimum */
  readonly minGasPrice?: MinGasPrice;
  /** gas of a whole block, and what one transaction may ask for; undefined: as much as there can be */
  readonly blockGas?: bigint | undefined;
  readonly maxGas?: bigint | undefined;
}

/**
 * Gas of what the Cosmos SDK's ante reads several times where this one reads once: the parameters for each of four checks and the
 * collector of fees (less what is read here alone), each signer's account for two more; and as a signer's account is
 * written, the record before and an index of accounts by their numbers. Charged so that a gas limit that
 * people know from there is neither too small nor far too large here (test/compat/sdk compares them).
 */
const READ_AGAIN = 4n * 1_042n + 615n;
const READ_AGAIN_PER_SIGNER = 2n * 1_558n;
const COUNT_PER_SIGNER = 8_310n;

/** Throws the SDK's code; what it wrote to ctx stays only when the caller keeps it. */
export function runAnte(ctx: Context, tx: DecodedTx, deps: AnteDeps, o: AnteOptions): void {
  const { auth } = deps;
  const { params } = o;
  const { body, auth: info } = tx;
  const gasLimit = info.fee?.gasLimit ?? 0n;
  if (o.blockGas !== undefined && gasLimit > o.blockGas) throw sdk.invalidGasLimit(`tx gas limit ${gasLimit} exceeds block max gas ${o.blockGas}`);
  if (o.maxGas !== undefined && gasLimit > o.maxGas) throw sdk.invalidGasLimit(`tx gas limit ${gasLimit} exceeds ${o.maxGas}, the most that one transaction may ask for of a block's ${o.blockGas}`);
  if (body.extensionOptions.length > 0) throw sdk.unknownExtensionOptions("");
  if (!o.simulate) checkPresence(tx);
  checkTimeouts(ctx, body);
  const memoBytes = new TextEncoder().encode(body.memo).length;
  if (memoBytes > params.maxMemoCharacters) throw sdk.memoTooLarge(`maximum number of characters is ${params.maxMemoCharacters} but received ${memoBytes} characters`);
  consumeSize(ctx, auth, tx, o);
  deductFee(ctx, deps, tx, o);
  const accounts = setKeys(ctx, auth, tx, o.simulate);
  emitSignatures(ctx, tx);

  const count = accounts.reduce((n, a) => n + (a.pubKey ? keyCount(a.pubKey) : 1), 0);
  if (BigInt(count) > params.txSigLimit) throw sdk.tooManySignatures(`signatures: ${count}, limit: ${params.txSigLimit}`);
  accounts.forEach(({ pubKey }, i) => {
    const given = pubKey ? signaturesGiven(pubKey, info.signerInfos[i]?.modeInfo) : 1;
    for (let n = 0; n < given; n++) ctx.gas.consume(params.sigVerifyCostSecp256k1, "ante verify: secp256k1");
  });

  ctx.gas.consume(READ_AGAIN + READ_AGAIN_PER_SIGNER * BigInt(accounts.length), "ante read");
  if (body.unordered) useTimeout(ctx, auth, body, tx.signers, o.simulate);
  accounts.forEach((account, i) => {
    const signer = info.signerInfos[i] as SignerInfo;
    if (body.unordered && signer.sequence > 0n) throw sdk.invalidRequest("sequence is not allowed for unordered transactions");
    if (!body.unordered && signer.sequence !== account.sequence) throw sdk.wrongSequence(`account sequence mismatch, expected ${account.sequence}, got ${signer.sequence}`);
    if (!o.simulate) checkSignature(ctx, tx, o.genesis ? { ...account, accountNumber: 0n } : account, signer, tx.raw.signatures[i] as Uint8Array);
  });
  if (body.unordered) return;
  for (const account of accounts) auth.countTransaction(ctx, account);
  ctx.gas.consume(COUNT_PER_SIGNER * BigInt(accounts.length), "ante write");
}

function checkPresence({ raw, signers }: DecodedTx): void {
  if (raw.signatures.length === 0) throw sdk.noSignatures("");
  // One more than wanted would be checked by nobody: anyone could append it and so change the transaction's hash.
  if (raw.signatures.length !== signers.length) throw sdk.unauthorized(`wrong number of signers; expected ${signers.length}, got ${raw.signatures.length}`);
}

/** A simulation pays for the signatures that it does not have yet. */
function consumeSize(ctx: Context, auth: AuthKeeper, tx: DecodedTx, { params, simulate }: AnteOptions): void {
  ctx.gas.consume(params.txSizeCostPerByte * BigInt(tx.size), "txSize");
  if (!simulate) return;
  tx.signers.forEach((address, i) => {
    if ((tx.raw.signatures[i]?.length ?? 0) > 0) return;
    const key = auth.get(ctx, address)?.pubKey ?? SIMULATED_KEY;
    ctx.gas.consume(params.txSizeCostPerByte * simulatedSize(key, params.txSigLimit), "txSize");
  });
}

/** The signers' accounts with their keys: a key that is given is the account's, whether that is known already or not. */
function setKeys(ctx: Context, auth: AuthKeeper, { signers, auth: { signerInfos } }: DecodedTx, simulate: boolean): Account[] {
  if (signerInfos.length !== signers.length) throw sdk.unauthorized(`invalid number of signer; expected: ${signers.length}, got ${signerInfos.length}`);
  return signers.map((address, i) => {
    const account = auth.get(ctx, address);
    if (!account) throw sdk.unknownAddress(`account ${address} does not exist`);
    const given = signerInfos[i]?.publicKey as AnyKey | undefined;
    const stored = account.pubKey;
    if (given && !simulate) {
      const right = stored ? given.typeUrl === stored.typeUrl && equalBytes(given.value, stored.value) : addressOfKey(ctx, given) === address;
      if (!right) throw sdk.invalidPubKey(`pubKey does not match signer address ${address} with signer index: ${i}`);
    }
    if (stored) return account;
    const key = given ?? (simulate ? SIMULATED_KEY : undefined);
    if (!key) throw sdk.invalidPubKey("pubkey on account is not set");
    return auth.setPubKey(ctx, account, { typeUrl: key.typeUrl, value: key.value });
  });
}

/** By which transactions are found: tx.acc_seq, where they are counted, and tx.signature, signer by signer. */
function emitSignatures(ctx: Context, { raw, body, signers, auth: { signerInfos } }: DecodedTx): void {
  signers.forEach((address, i) => {
    const { sequence, modeInfo } = signerInfos[i] as SignerInfo;
    if (!body.unordered) ctx.emit(txEvents.sequence({ acc_seq: `${address}/${sequence}` }));
    for (const part of signatureParts(modeInfo, raw.signatures[i] ?? new Uint8Array(0))) ctx.emit(txEvents.signature({ signature: base64(part) }));
  });
}

function checkSignature(ctx: Context, tx: DecodedTx, account: Account, { modeInfo, sequence }: SignerInfo, signature: Uint8Array): void {
  const { address, accountNumber, pubKey } = account;
  const { chainId } = ctx.block;
  const verified = (separators: Separators): boolean =>
    pubKey !== undefined && verifySignature(ctx.crypto, pubKey, modeInfo, signature, (mode) => signBytes(mode, tx, { address, chainId, accountNumber, sequence }, separators));
  let valid = false;
  let why = pubKey?.typeUrl === MULTISIG ? "unable to verify multisignature" : "unable to verify single signer signature";
  try {
    valid = verified("escaped") || (hasSeparators(tx.raw.bodyBytes) && verified("raw"));
  } catch (e) {
    if (e instanceof SignModeFault) why = e.message;
    else if (e instanceof ModuleError) throw e;
  }
  if (valid) return;
  throw sdk.unauthorized(
    onlyAmino(modeInfo)
      ? `signature verification failed; please verify account number (${accountNumber}), sequence (${account.sequence}) and chain-id (${chainId})`
      : `signature verification failed; please verify account number (${accountNumber}) and chain-id (${chainId}): (${why})`,
  );
}

/** Whether all who sign for one account sign in amino JSON, which names the sequence. */
const onlyAmino = (mode: ModeInfo | undefined): boolean => mode?.single?.mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON || (mode?.multi !== undefined && mode.multi.modeInfos.every((m) => m.single?.mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON));
