/**
 * Errors with a codespace and a code that never changes. docs/tables.md lists them, and `npm run check` compares.
 *
 * A module's error reverts the transaction; anything else thrown in a transaction is code 1 of codespace `undefined`,
 * and in begin or end block stops the node.
 */
export class ModuleError extends Error {
  constructor(
    readonly codespace: string,
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "ModuleError";
  }
}

export interface ErrorKind {
  (detail: string): ModuleError;
  readonly codespace: string;
  readonly code: number;
  readonly text: string;
}

/** Declares an error: `detail: registered text`. The application refuses to start where two have one codespace and code. */
export function defineError(codespace: string, code: number, text: string): ErrorKind {
  const make = (detail: string) => new ModuleError(codespace, code, detail ? `${detail}: ${text}` : text);
  return Object.assign(make, { codespace, code, text });
}

/** The Cosmos SDK's own codes (codespace `sdk`) that this chain gives. */
export const sdk = {
  txDecode: defineError("sdk", 2, "tx parse error"),
  invalidSequence: defineError("sdk", 3, "invalid sequence"),
  unauthorized: defineError("sdk", 4, "unauthorized"),
  insufficientFunds: defineError("sdk", 5, "insufficient funds"),
  unknownRequest: defineError("sdk", 6, "unknown request"),
  invalidAddress: defineError("sdk", 7, "invalid address"),
  invalidPubKey: defineError("sdk", 8, "invalid pubkey"),
  unknownAddress: defineError("sdk", 9, "unknown address"),
  invalidCoins: defineError("sdk", 10, "invalid coins"),
  outOfGas: defineError("sdk", 11, "out of gas"),
  memoTooLarge: defineError("sdk", 12, "memo too large"),
  insufficientFee: defineError("sdk", 13, "insufficient fee"),
  tooManySignatures: defineError("sdk", 14, "maximum number of signatures exceeded"),
  noSignatures: defineError("sdk", 15, "no signatures supplied"),
  invalidRequest: defineError("sdk", 18, "invalid request"),
  mempoolFull: defineError("sdk", 20, "mempool is full"),
  txTooLarge: defineError("sdk", 21, "tx too large"),
  keyNotFound: defineError("sdk", 22, "key not found"),
  invalidSigner: defineError("sdk", 24, "tx intended signer does not match the given signer"),
  invalidGasAdjustment: defineError("sdk", 25, "invalid gas adjustment"),
  invalidHeight: defineError("sdk", 26, "invalid height"),
  invalidVersion: defineError("sdk", 27, "invalid version"),
  invalidChainId: defineError("sdk", 28, "invalid chain-id"),
  invalidType: defineError("sdk", 29, "invalid type"),
  txTimeoutHeight: defineError("sdk", 30, "tx timeout height"),
  unknownExtensionOptions: defineError("sdk", 31, "unknown extension options"),
  wrongSequence: defineError("sdk", 32, "incorrect account sequence"),
  notFound: defineError("sdk", 38, "not found"),
  logic: defineError("sdk", 35, "internal logic error"),
  notSupported: defineError("sdk", 37, "feature not supported"),
  invalidGasLimit: defineError("sdk", 41, "invalid gas limit"),
  txTimeout: defineError("sdk", 42, "tx timeout"),
};
