/** Contexts over overlays of the committed state. */
import { type Change, Overlay } from "../store/index.js";
import { type Addresses } from "#kernel/address.js";
import { type BlockInfo, type Context, type Event, type GasMeter } from "#kernel/context.js";
import { type Crypto } from "#kernel/crypto.js";
import { type Environment } from "#kernel/environment.js";
import { type View } from "#kernel/store.js";
import { type Stores } from "../store/types.js";
import { freeMeter, gasStore } from "./gas.js";

/** Stores as keepers read them. */
export const viewOf = ({ crypto, addresses }: Environment, stores: Stores): View => ({ crypto, addresses, store: (name) => stores.store(name) });

/** Where writes and events of one step go; a branch keeps its own until it is committed. */
export class AppContext implements Context {
  readonly events: Event[] = [];
  readonly crypto: Crypto;
  readonly addresses: Addresses;
  constructor(
    environment: Environment,
    readonly block: BlockInfo,
    private readonly overlay: Overlay,
    readonly gas: GasMeter = freeMeter(),
    private readonly charged = false,
  ) {
    this.crypto = environment.crypto;
    this.addresses = environment.addresses;
  }

  store(name: string) {
    const inner = this.overlay.store(name);
    return this.charged ? gasStore(inner, this.gas) : inner;
  }

  emit(event: Event): void {
    this.events.push(event);
  }

  branch(): AppContext & { commit(): void } {
    return this.child(this.gas, this.charged);
  }

  /** A branch whose store access is charged to a meter. */
  metered(gas: GasMeter): AppContext & { commit(): void } {
    return this.child(gas, true);
  }

  /** Writes since the start or the last commit, by store. */
  changes(): Map<string, Change[]> {
    return this.overlay.changes();
  }

  /** Writes of a branch without its events: a transaction's events belong to its own result. */
  absorb(branch: AppContext): void {
    branch.overlay.commit();
  }

  private child(gas: GasMeter, charged: boolean): AppContext & { commit(): void } {
    const overlay = this.overlay.branch();
    const child = new AppContext(this, this.block, overlay, gas, charged);
    return Object.assign(child, {
      commit: () => {
        overlay.commit();
        this.events.push(...child.events);
      },
    });
  }
}
