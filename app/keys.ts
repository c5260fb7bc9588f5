/** The application's view of a validator's key files: what signs the beacon, and who this validator is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import blst from "@chainsafe/blst";
import { ConfigFault } from "./config-fault.js";

export interface NodeKeys {
  readonly signBeacon: (message: Uint8Array) => Uint8Array;
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
}

/** Throws ConfigFault. */
export function readKeys(home: string): NodeKeys {
  return { signBeacon: beaconSigner(join(home, "config", "beacon_key.json")), consensusKey: consensusKey(join(home, "config", "priv_validator_key.json")) };
}

const RESTORE = "restore the file from your backup: a new key is not the one that the genesis names";

function readJson(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (e) {
    throw new ConfigFault(`${path} cannot be read (${(e as NodeJS.ErrnoException).code ?? "unknown"}): ${RESTORE}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // told below, without the text: it may hold a secret
  }
  throw new ConfigFault(`${path}: is no JSON object; ${RESTORE}`);
}

function beaconSigner(path: string): NodeKeys["signBeacon"] {
  const { secret_key: secretHex, public_key: publicHex } = readJson(path);
  if (typeof secretHex !== "string" || !/^[0-9a-f]{64}$/i.test(secretHex)) throw new ConfigFault(`${path}: secret_key: want 64 hexadecimal digits; ${RESTORE}`);
  let secret: InstanceType<typeof blst.SecretKey>;
  try {
    secret = blst.SecretKey.fromBytes(Buffer.from(secretHex, "hex"));
  } catch {
    throw new ConfigFault(`${path}: secret_key: is no BLS12-381 key; ${RESTORE}`);
  }
  const derived = Buffer.from(secret.toPublicKey().toBytes()).toString("hex");
  if (publicHex !== undefined && publicHex !== derived) throw new ConfigFault(`${path}: public_key: is not the key of secret_key; ${RESTORE}`);
  return (message) => Uint8Array.from(secret.sign(message).toBytes());
}

function consensusKey(path: string): Uint8Array {
  const { pub_key: pub } = readJson(path);
  const value = (pub as { value?: unknown } | undefined)?.value;
  const key = typeof value === "string" ? Uint8Array.from(Buffer.from(value, "base64")) : new Uint8Array(0);
  if (key.length !== 32) throw new ConfigFault(`${path}: pub_key.value: got ${key.length} bytes, want 32 of an ed25519 key in base64; ${RESTORE}`);
  return key;
}
