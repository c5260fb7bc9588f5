/** InitChain: app_state into an empty state, checked as a whole before the chain begins. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams as EngineParams } from "cosmjs-types/tendermint/types/params";
import { DEFAULT_PREFIX, isAddressPrefix } from "#kernel/address.js";
import { EMPTY, equalBytes } from "#kernel/bytes.js";
import { type BlockInfo } from "#kernel/context.js";
import { type Crypto } from "#kernel/crypto.js";
import { makeEnvironment } from "#kernel/environment.js";
import { type Member, POWER_REDUCTION } from "#modules/staking/index.js";
import { ConsensusParams } from "#proto/gen/tendermint/types/params.js";
import { readState } from "../app-state.js";
import { type Assembly } from "../assemble.js";
import { nanoseconds } from "../block/commit.js";
import { type Head, NO_PROPOSER } from "../block/head.js";
import { limitsOf } from "../block/limits.js";
import { type Chain } from "../chain.js";
import { ConfigFault } from "../config-fault.js";
import { checkInvariants } from "../invariants.js";
import { Overlay } from "../store/index.js";
import { type Stores } from "../store/types.js";
import { AppContext } from "../tx/context.js";
import { type Execution } from "../tx/execute.js";
import { noteVersions } from "../upgrade.js";
import { genesisFault } from "./check.js";
import { genTxsOf, inGenesis, type PlaceOf, runGenTxs } from "./gentxs.js";

/** Answers who signs the first block. Throws ConfigFault: nothing but the genesis decides here. */
export function initChain(chain: Chain, execution: Execution, r: abci.RequestInitChain): abci.ResponseInitChain {
  let first: FirstState;
  try {
    first = firstState({ assembly: chain.assembly, crypto: chain.crypto, execution }, r, chain.store.latest());
  } catch (e) {
    throw new ConfigFault((e as Error).message);
  }
  chain.begin(first.overlay, first.head);
  return abci.ResponseInitChain.fromPartial({ validators: first.validators.map((v) => ({ pubKey: { ed25519: v.consensusKey }, power: v.power })), appHash: chain.crypto.sha256(EMPTY) });
}

export interface Program {
  readonly assembly: Assembly;
  readonly crypto: Crypto;
  readonly execution: Execution;
}

/** What a chain begins with. */
export interface FirstState {
  readonly overlay: Overlay;
  readonly ctx: AppContext;
  readonly head: Head;
  readonly validators: readonly Member[];
}

/** The state that a genesis makes of an empty one. Throws one line; `place` names its transactions there. */
export function firstState({ assembly, crypto, execution }: Program, r: abci.RequestInitChain, empty: Stores, place: PlaceOf = inGenesis): FirstState {
  const state = appState(r.appStateBytes);
  const prefix = state.prefix ?? DEFAULT_PREFIX;
  if (typeof prefix !== "string" || !isAddressPrefix(prefix)) throw new Error(`app_state.prefix: got ${JSON.stringify(prefix)}, want 1 to 16 of a–z and 0–9, a letter first`);
  const timeNs = nanoseconds(r.time);
  const block: BlockInfo = {
    chainId: r.chainId,
    // As in the Cosmos SDK, where what a new chain begins with is of height 0: periods of rewards and of signing begin there.
    height: r.initialHeight > 1n ? r.initialHeight : 0n,
    timeMs: timeNs / 1_000_000n,
    timeNs,
    proposer: NO_PROPOSER,
    lastCommit: { round: 0, votes: [] },
    misbehaviour: [],
    beaconSignature: NO_PROPOSER,
    extensions: [],
  };
  const overlay = new Overlay(empty);
  const { modules, keepers } = assembly;
  const ctx = new AppContext(makeEnvironment(crypto, prefix), block, overlay);
  const params = ConsensusParams.decode(EngineParams.encode(r.consensusParams ?? EngineParams.fromPartial({})).finish());
  keepers.consensus.begin(ctx, params);
  const genTxs = genTxsOf(state.genutil);
  readState(ctx, modules, state, () => {
    if (genTxs.length === 0) return;
    // The set of a state that ran is as it was exported: who came by a transaction would not be in it.
    if (keepers.staking.totalPower(ctx) > 0n) throw new Error("app_state.genutil.gen_txs: the state is an export, whose validators are in app_state.staking already; want none");
    runGenTxs(ctx, genTxs, { execution, beacon: keepers.beacon }, place);
  });
  noteVersions(ctx, modules);

  const validators = keepers.staking.members(ctx);
  const [largest] = keepers.staking.all(ctx).map((v) => v.tokens).sort((a, b) => (a < b ? 1 : -1));
  if (validators.length === 0 && largest !== undefined && largest < POWER_REDUCTION) throw new Error(`validators: nobody signs the first block: the largest stake is ${largest} base units, and ${POWER_REDUCTION} are needed to sign`);
  if (validators.length === 0) throw new Error("validators: nobody signs the first block, want a bonded validator in app_state.staking, or transactions in app_state.genutil.gen_txs: pouwd genesis gentx and collect-gentxs");
  // Who stands in app_state alone is answered to the engine; whom it names itself must be the same.
  const named = r.validators;
  const agrees = named.length === 0 || (named.length === validators.length && named.every((v) => validators.some((s) => s.power === v.power && equalBytes(s.consensusKey, v.pubKey?.ed25519 ?? EMPTY))));
  if (!agrees) throw new Error("validators: those of CometBFT and of app_state.staking who are bonded are not the same keys and powers");
  const fault = genesisFault(params, { initialHeight: r.initialHeight, validators: validators.length, maxValidators: keepers.staking.params(ctx).maxValidators });
  if (fault) throw new Error(fault);
  const [broken] = checkInvariants(modules, ctx).broken;
  if (broken) throw new Error(`app_state breaks "${broken.invariant}" of ${broken.module}: ${broken.fault}`);

  return { overlay, ctx, head: { ...block, height: r.initialHeight - 1n, prefix, limits: limitsOf(params) }, validators };
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
