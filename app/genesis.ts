/** InitChain: app_state into an empty state, checked as a whole before the chain begins. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams as EngineParams } from "cosmjs-types/tendermint/types/params";
import { DEFAULT_PREFIX, isAddressPrefix } from "#kernel/address.js";
import { EMPTY, equalBytes } from "#kernel/bytes.js";
import { type BlockInfo } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { ConsensusParams } from "#proto/gen/tendermint/types/params.js";
import { readState } from "./app-state.js";
import { nanoseconds } from "./block/commit.js";
import { type Head, NO_PROPOSER } from "./block/head.js";
import { limitsOf } from "./block/limits.js";
import { type Chain } from "./chain.js";
import { ConfigFault } from "./config-fault.js";
import { genesisFault } from "./genesis-check.js";
import { checkInvariants } from "./invariants.js";
import { Overlay } from "./store/index.js";
import { AppContext } from "./tx/context.js";
import { noteVersions } from "./upgrade.js";

/** Throws ConfigFault: nothing but the genesis decides here. */
export function initChain(chain: Chain, r: abci.RequestInitChain): abci.ResponseInitChain {
  try {
    begin(chain, r);
  } catch (e) {
    throw new ConfigFault((e as Error).message);
  }
  return abci.ResponseInitChain.fromPartial({});
}

function begin(chain: Chain, r: abci.RequestInitChain): void {
  const state = appState(r.appStateBytes);
  const prefix = state.prefix ?? DEFAULT_PREFIX;
  if (typeof prefix !== "string" || !isAddressPrefix(prefix)) throw new Error(`app_state.prefix: got ${JSON.stringify(prefix)}, want 1 to 16 of a–z and 0–9, a letter first`);
  const timeNs = nanoseconds(r.time);
  const block: BlockInfo = {
    chainId: r.chainId,
    height: r.initialHeight,
    timeMs: timeNs / 1_000_000n,
    timeNs,
    proposer: NO_PROPOSER,
    lastCommit: { round: 0, votes: [] },
    misbehaviour: [],
    beaconSignature: NO_PROPOSER,
    extensions: [],
  };
  const overlay = new Overlay(chain.store.latest());
  const { modules, keepers } = chain.assembly;
  const ctx = new AppContext(makeEnvironment(chain.crypto, prefix), block, overlay);
  const params = ConsensusParams.decode(EngineParams.encode(r.consensusParams ?? EngineParams.fromPartial({})).finish());
  keepers.consensus.begin(ctx, params);
  readState(ctx, modules, state);
  noteVersions(ctx, modules);

  const set = keepers.staking.members(ctx);
  const agrees = r.validators.length === set.length && r.validators.every((v) => set.some((s) => s.power === v.power && equalBytes(s.consensusKey, v.pubKey?.ed25519 ?? EMPTY)));
  if (!agrees) throw new Error("validators: those of CometBFT and of app_state.staking who are bonded are not the same keys and powers");
  const fault = genesisFault(params, { initialHeight: r.initialHeight, validators: set.length, maxValidators: keepers.staking.params(ctx).maxValidators });
  if (fault) throw new Error(fault);
  const [broken] = checkInvariants(modules, ctx).broken;
  if (broken) throw new Error(`app_state breaks "${broken.invariant}" of ${broken.module}: ${broken.fault}`);

  const head: Head = { ...block, height: r.initialHeight - 1n, prefix, limits: limitsOf(params) };
  chain.begin(overlay, head);
}

function appState(bytes: Uint8Array): Record<string, unknown> {
  let state: unknown;
  try {
    state = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // told below
  }
  if (typeof state !== "object" || state === null || Array.isArray(state)) throw new Error("app_state: want a JSON object with the modules' states");
  return state as Record<string, unknown>;
}
