/** The chain as this node has it: committed state, its head, and what was computed and is not committed yet. */
import { type Crypto } from "#kernel/crypto.js";
import { type BlockInfo, type HeaderInfo } from "#kernel/context.js";
import { DEFAULT_PREFIX } from "#kernel/address.js";
import { type Environment, makeEnvironment } from "#kernel/environment.js";
import { type View } from "#kernel/store.js";
import { DEFAULTS } from "#modules/consensus/index.js";
import { type Assembly } from "./assemble.js";
import { type Head, headerOf, NO_PROPOSER, readHead } from "./block/head.js";
import { type BlockLimits, NO_LIMITS } from "./block/limits.js";
import { type MultiStore, Overlay } from "./store/index.js";
import { type Stores } from "./store/types.js";
import { AppContext, viewOf } from "./tx/context.js";
import { migrate } from "./upgrade.js";

export class Chain {
  #head: Head | undefined;
  #ahead: Overlay | undefined;
  #environment: Environment | undefined;

  constructor(
    readonly store: MultiStore,
    readonly assembly: Assembly,
    readonly crypto: Crypto,
    migrated: (steps: readonly string[]) => void = () => {},
  ) {
    if (store.version === 0n) return;
    this.moved(readHead(store.latest()));
    const overlay = new Overlay(store.latest());
    const ctx = new AppContext(this.environment, this.next(), overlay);
    const { consensus } = assembly.keepers;
    // A state of before there was this module has what a block may hold in its head, and nothing else of the engine's.
    if (!consensus.begun(ctx)) consensus.begin(ctx, { ...DEFAULTS, block: this.limits });
    const steps = migrate(ctx, assembly.modules);
    if (steps.length === 0) return;
    this.#ahead = overlay;
    migrated(steps);
  }

  /** Undefined before InitChain. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** Writes that the next block begins with and commits: genesis, or what migrations did to a state of older versions. */
  get ahead(): Overlay | undefined {
    return this.#ahead;
  }

  /** Of the chain's address prefix; the default one before genesis. */
  get environment(): Environment {
    return (this.#environment ??= makeEnvironment(this.crypto, this.#head?.prefix ?? DEFAULT_PREFIX));
  }

  get limits(): BlockLimits {
    return this.#head?.limits ?? NO_LIMITS;
  }

  /** InitChain: the state that the first block starts from, not committed before it. */
  begin(genesis: Overlay, head: Head): void {
    this.moved(head);
    this.#ahead = genesis;
  }

  /** A block is committed. */
  committed(head: Head): void {
    this.moved(head);
    this.#ahead = undefined;
  }

  private moved(head: Head | undefined): void {
    if (head?.prefix !== this.#head?.prefix) this.#environment = undefined;
    this.#head = head;
  }

  /** State that the next block starts from. */
  base(): Overlay {
    return new Overlay(this.#ahead ?? this.store.latest());
  }

  view(stores: Stores): View {
    return viewOf(this.environment, stores);
  }

  /** Facts of the block to come, as far as they are known before it: for the mempool. Throws before InitChain. */
  next(): BlockInfo {
    if (!this.#head) throw new Error("the chain is not initialised");
    const header: HeaderInfo = headerOf(this.#head);
    return { ...header, height: header.height + 1n, proposer: NO_PROPOSER, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: NO_PROPOSER, extensions: [] };
  }
}
