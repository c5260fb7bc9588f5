/**
 * The one door to hashes and signatures for the state machine and the protocol.
 *
 * Every implementation gives the same answers, so which one is passed changes time only: the native one
 * (platform/crypto.ts) in Node, the pure one (kernel/crypto-pure.ts) in browsers. Nobody keeps one for others to find:
 * the state machine has it in its view (kernel/environment.ts), the protocol's functions take it as a parameter.
 */
export interface Crypto {
  sha256(bytes: Uint8Array): Uint8Array;
  /** RIPEMD-160, for account addresses. */
  ripemd160(bytes: Uint8Array): Uint8Array;
  /** Raw 32-byte key, raw 64-byte signature. False for anything malformed. */
  verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** The same by ZIP-215, the rule of CometBFT: whatever it accepts of a validator is accepted, and nothing else. */
  verifyEd25519Zip215(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Compressed 33-byte key, 64-byte compact signature over a 32-byte digest; a high s is refused. */
  verifySecp256k1(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  /** 48-byte G1 key, 96-byte G2 signature, BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_. */
  verifyBls(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** What most of the protocol needs of it. */
export type Hash = Pick<Crypto, "sha256">;
