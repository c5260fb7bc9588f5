/**
 * A validator's home: keys and configuration as CometBFT v0.38 reads them, and the application's own. CometBFT takes its
 * default for every key that config.toml leaves out, so only what differs stands there.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import blst from "@chainsafe/blst";
import { stringify } from "smol-toml";
import { nodeCrypto } from "#platform/crypto.js";
import { writePrivate } from "#platform/keys.js";
import { possessionMessage } from "#modules/beacon/index.js";
import { API, type AppConfig, GRPC, QUERY } from "./config.js";

export interface HomeOptions {
  readonly home: string;
  readonly moniker: string;
  readonly rpcPort: number;
  readonly p2pPort: number;
  /** the address that it listens at for other nodes; default: this machine's own, 127.0.0.1 */
  readonly p2pHost?: string;
  /** host:port of the verifier's gRPC service; empty: none */
  readonly verifierAddress: string;
  /** the verifier dials loopback and private addresses: test networks only */
  readonly verifierAllowPrivate: boolean;
  /** id@host:port, comma-separated; may be filled in later by setPeers */
  readonly persistentPeers: string;
  readonly blockTimeMs: number;
  /** host:port of the REST server; absent: none */
  readonly restAddress?: string | undefined;
  /** host:port of the gRPC server for queries; absent: none */
  readonly grpcAddress?: string | undefined;
  /** whether anybody may ask for the invariants: for test networks */
  readonly invariants?: boolean | undefined;
  /** makes every key reproducible: for test networks only */
  readonly seed?: string;
}

export interface HomeFacts {
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
  readonly nodeId: string;
  /** BLS12-381 G1, 48 bytes */
  readonly beaconKey: Uint8Array;
  readonly beaconProof: Uint8Array;
}

const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
/** a unix socket's path has at most 103 bytes */
const MAX_SOCKET_PATH = 100;

function ed25519(seed: Uint8Array | undefined): { key: KeyObject; secret: Buffer; public: Buffer } {
  const key = seed ? createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" }) : generateKeyPairSync("ed25519").privateKey;
  const secret = key.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const pub = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  return { key, secret, public: pub };
}

const derive = (seed: string | undefined, what: string): Uint8Array | undefined =>
  seed === undefined ? undefined : new Uint8Array(createHash("sha256").update(`${seed}/${what}`).digest());

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Writes a fresh home. Existing keys are overwritten: the caller asks first. */
export function initHome(o: HomeOptions): HomeFacts {
  const config = join(o.home, "config");
  mkdirSync(config, { recursive: true, mode: 0o700 });
  mkdirSync(join(o.home, "data"), { recursive: true, mode: 0o700 });

  const consensus = ed25519(derive(o.seed, "consensus"));
  const address = createHash("sha256").update(consensus.public).digest().subarray(0, 20).toString("hex").toUpperCase();
  const typed = (kind: "PubKey" | "PrivKey", bytes: Buffer) => ({ type: `tendermint/${kind}Ed25519`, value: bytes.toString("base64") });
  writePrivate(
    join(config, "priv_validator_key.json"),
    json({ address, pub_key: typed("PubKey", consensus.public), priv_key: typed("PrivKey", Buffer.concat([consensus.secret, consensus.public])) }),
  );
  writePrivate(join(o.home, "data", "priv_validator_state.json"), json({ height: "0", round: 0, step: 0 }));

  const node = ed25519(derive(o.seed, "node"));
  writePrivate(join(config, "node_key.json"), json({ priv_key: typed("PrivKey", Buffer.concat([node.secret, node.public])) }));
  const nodeId = createHash("sha256").update(node.public).digest().subarray(0, 20).toString("hex");

  const secret = blst.SecretKey.fromKeygen(derive(o.seed, "beacon") ?? randomBytes(32));
  const beaconKey = Uint8Array.from(secret.toPublicKey().toBytes());
  const beaconProof = Uint8Array.from(secret.sign(possessionMessage(nodeCrypto, beaconKey)).toBytes());
  writePrivate(join(config, "beacon_key.json"), json({ secret_key: Buffer.from(secret.toBytes()).toString("hex"), public_key: Buffer.from(beaconKey).toString("hex") }));

  writeConfig(o);
  return { consensusKey: Uint8Array.from(consensus.public), nodeId, beaconKey, beaconProof };
}

/** config.toml and app.toml anew, keys untouched: for peers that are known only when every home is written. */
export function writeConfig(o: HomeOptions): void {
  const socket = socketPath(o.home);
  const ms = (v: number) => `${Math.max(1, Math.round(v))}ms`;
  const engine = {
    proxy_app: `unix://${socket}`,
    moniker: o.moniker,
    db_backend: "goleveldb",
    log_level: "error",
    rpc: { laddr: `tcp://127.0.0.1:${o.rpcPort}`, max_body_bytes: 4_000_000, cors_allowed_origins: ["*"] },
    p2p: {
      laddr: `tcp://${o.p2pHost ?? "127.0.0.1"}:${o.p2pPort}`,
      persistent_peers: o.persistentPeers,
      addr_book_strict: false,
      allow_duplicate_ip: true,
      pex: false,
      flush_throttle_timeout: "10ms",
    },
    // the defaults hold 1 GB of transactions
    mempool: { size: 5000, max_txs_bytes: 64_000_000, max_tx_bytes: 1_048_576, cache_size: 20_000 },
    consensus: {
      timeout_propose: ms(Math.max(1000, 2 * o.blockTimeMs)),
      timeout_propose_delta: "500ms",
      timeout_prevote: ms(Math.max(500, o.blockTimeMs)),
      timeout_prevote_delta: "500ms",
      timeout_precommit: ms(Math.max(500, o.blockTimeMs)),
      timeout_precommit_delta: "500ms",
      timeout_commit: ms(o.blockTimeMs * 0.9),
      skip_timeout_commit: false,
    },
    tx_index: { indexer: "kv" },
    instrumentation: { prometheus: false },
  };
  writeFileSync(join(o.home, "config", "config.toml"), stringify(engine), { mode: 0o600 });
  const app: AppConfig = {
    abci: `unix://${socket}`,
    verifier: o.verifierAddress,
    verifier_allow_private: o.verifierAllowPrivate,
    verifier_key_file: "",
    keep_versions: 400,
    log_level: "info",
    min_gas_price: 0,
    migrate_at: 0,
    api: { ...API, ...served(o.restAddress) },
    grpc: { ...GRPC, ...served(o.grpcAddress) },
    query: { ...QUERY, invariants: o.invariants ?? false },
  };
  writeFileSync(join(o.home, "config", "app.toml"), stringify(app), { mode: 0o600 });
}

const served = (address: string | undefined): object => (address ? { enable: true, address } : {});

/** In the home where that fits a socket address, else in the system's folder for temporary files. */
function socketPath(home: string): string {
  const inside = join(home, "abci.sock");
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside;
  return join(tmpdir(), `pouwd-${createHash("sha256").update(home).digest("hex").slice(0, 24)}.sock`);
}
