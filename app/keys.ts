/** The application's view of a validator's key files: what signs the beacon, and who this validator is. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import blst from "@chainsafe/blst";
import { parse } from "smol-toml";
import { possessionMessage } from "#modules/beacon/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { ConfigFault } from "./config-fault.js";
import { type HomeFacts } from "./init.js";

export interface NodeKeys {
  readonly signBeacon: (message: Uint8Array) => Uint8Array;
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
}

/** Throws ConfigFault. */
export function readKeys(home: string): NodeKeys {
  const secret = beaconSecret(join(home, "config", "beacon_key.json"));
  return { signBeacon: (message) => Uint8Array.from(secret.sign(message).toBytes()), consensusKey: consensusKey(join(home, "config", "priv_validator_key.json")) };
}

/** What others may know of a home's keys, with the proof that goes with the beacon key. Throws ConfigFault. */
export function readHomeFacts(home: string): HomeFacts {
  const first = join(home, "config", "priv_validator_key.json");
  if (!existsSync(first)) throw new ConfigFault(`${first} is missing: ${home} holds no validator. Give --home of one, or make it: pouwd init --home ${home}`);
  const secret = beaconSecret(join(home, "config", "beacon_key.json"));
  const beaconKey = Uint8Array.from(secret.toPublicKey().toBytes());
  return {
    consensusKey: consensusKey(join(home, "config", "priv_validator_key.json")),
    nodeId: nodeId(join(home, "config", "node_key.json")),
    beaconKey,
    beaconProof: Uint8Array.from(secret.sign(possessionMessage(nodeCrypto, beaconKey)).toBytes()),
  };
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

/** The name that config.toml gives the node; empty where it cannot be read. */
export function monikerOf(home: string): string {
  try {
    const { moniker } = parse(readFileSync(join(home, "config", "config.toml"), "utf8"));
    return typeof moniker === "string" ? moniker : "";
  } catch {
    return "";
  }
}

function beaconSecret(path: string): InstanceType<typeof blst.SecretKey> {
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
  return secret;
}

/** The engine's: the first 20 bytes of the public key's SHA-256. */
function nodeId(path: string): string {
  const { priv_key: secret } = readJson(path);
  const value = (secret as { value?: unknown } | undefined)?.value;
  const bytes = typeof value === "string" ? Buffer.from(value, "base64") : Buffer.alloc(0);
  if (bytes.length !== 64) throw new ConfigFault(`${path}: priv_key.value: got ${bytes.length} bytes, want 64 of an ed25519 key in base64; ${RESTORE}`);
  return createHash("sha256").update(bytes.subarray(32)).digest().subarray(0, 20).toString("hex");
}

function consensusKey(path: string): Uint8Array {
  const { pub_key: pub } = readJson(path);
  const value = (pub as { value?: unknown } | undefined)?.value;
  const key = typeof value === "string" ? Uint8Array.from(Buffer.from(value, "base64")) : new Uint8Array(0);
  if (key.length !== 32) throw new ConfigFault(`${path}: pub_key.value: got ${key.length} bytes, want 32 of an ed25519 key in base64; ${RESTORE}`);
  return key;
}
