/** A genesis tried before a chain begins with it: what CometBFT reads of it, and then the very InitChain of the node. */
import { RequestInitChain } from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { utf8 } from "#kernel/bytes.js";
import { type KVStore } from "#kernel/store.js";
import { nodeCrypto } from "#platform/crypto.js";
import { parseTimestamp } from "#proto/time.js";
import { UNLIMITED } from "#protocol/block-room.js";
import { assemble } from "../assemble.js";
import { type GenesisDocument } from "./document.js";
import { inGenesis, type PlaceOf } from "./gentxs.js";
import { type FirstState, firstState, type Program } from "./init-chain.js";

const MAX_CHAIN_ID = 50;
const NS = 1_000_000_000n;
/** what CometBFT takes where the genesis names none */
const MAX_BLOCK_BYTES = 4_194_304n;

export function program(): Program {
  const assembly = assemble();
  return { assembly, crypto: nodeCrypto, execution: { router: assembly.router, deps: assembly.keepers } };
}

/** The state that a chain of this genesis begins with. Throws one line that begins with the field; `place` names transactions. */
export const tried = (g: GenesisDocument, place: PlaceOf = inGenesis, p: Program = program()): FirstState => firstState(p, requestOf(g), { store: () => NOTHING }, place);

const NOTHING: KVStore = {
  get: () => undefined,
  has: () => false,
  set() {},
  delete() {},
  iterate: () => [],
  reverse: () => [],
};

/** What CometBFT hands over of a genesis. Throws one line that begins with the field. */
function requestOf(g: GenesisDocument): RequestInitChain {
  const { chain_id: chainId, app_state: state } = g;
  if (typeof chainId !== "string" || chainId === "" || chainId.length > MAX_CHAIN_ID) throw new Error(`chain_id: got ${JSON.stringify(chainId)}, want 1 to ${MAX_CHAIN_ID} characters`);
  if (g.consensus !== undefined && g.consensus_params === undefined) throw new Error("consensus: the engine reads consensus_params and validators at the top of the file; move them there");
  if (typeof state !== "object" || state === null) throw new Error("app_state: want a JSON object with the modules' states");
  const initialHeight = whole(g.initial_height ?? "1", "initial_height");
  const params = (g.consensus_params ?? {}) as Record<string, Record<string, unknown> | undefined>;
  const param = (part: string, name: string, missing: bigint): bigint => {
    const value = params[part]?.[name];
    return value === undefined ? missing : whole(value, `consensus_params.${part}.${name}`);
  };
  const age = param("evidence", "max_age_duration", 48n * 3600n * NS);
  const types = params["validator"]?.["pub_key_types"] ?? ["ed25519"];
  if (!Array.isArray(types) || types.some((t) => typeof t !== "string")) throw new Error("consensus_params.validator.pub_key_types: want a list of names");
  return RequestInitChain.fromPartial({
    chainId,
    initialHeight: initialHeight === 0n ? 1n : initialHeight,
    time: timeOf(g.genesis_time),
    validators: (g.validators ?? []).map(validatorOf),
    consensusParams: ConsensusParams.fromPartial({
      block: { maxBytes: param("block", "max_bytes", MAX_BLOCK_BYTES), maxGas: param("block", "max_gas", UNLIMITED) },
      evidence: {
        maxAgeNumBlocks: param("evidence", "max_age_num_blocks", 100_000n),
        maxAgeDuration: { seconds: age / NS, nanos: Number(age % NS) },
        maxBytes: param("evidence", "max_bytes", 1_048_576n),
      },
      validator: { pubKeyTypes: types as string[] },
      abci: { voteExtensionsEnableHeight: param("abci", "vote_extensions_enable_height", 0n) },
    }),
    appStateBytes: utf8(JSON.stringify(state)),
  });
}

function whole(value: unknown, at: string): bigint {
  if (typeof value !== "string" || !/^-?\d{1,18}$/.test(value)) throw new Error(`${at}: got ${JSON.stringify(value)}, want a whole number in quotes`);
  return BigInt(value);
}

function timeOf(text: unknown): { seconds: bigint; nanos: number } {
  try {
    return parseTimestamp(typeof text === "string" ? text : (JSON.stringify(text) ?? ""));
  } catch (e) {
    throw new Error(`genesis_time: ${(e as Error).message}`);
  }
}

function validatorOf(v: unknown, i: number): RequestInitChain["validators"][number] {
  const { pub_key: key, power } = v as { readonly pub_key?: { readonly type?: unknown; readonly value?: unknown }; readonly power?: unknown };
  if (key?.type !== "tendermint/PubKeyEd25519" || typeof key.value !== "string") throw new Error(`validators[${i}].pub_key: want an ed25519 key of type tendermint/PubKeyEd25519`);
  return { pubKey: { ed25519: Uint8Array.from(Buffer.from(key.value, "base64")) }, power: whole(power, `validators[${i}].power`) };
}
