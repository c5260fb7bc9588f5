/** A context of the test chain: real modules see no difference to the node's. */
import type { Addresses } from "#kernel/address.js";
import type { BlockInfo, Event, GasMeter } from "#kernel/context.js";
import type { Crypto } from "#kernel/crypto.js";
import type { Environment } from "#kernel/environment.js";
import type { KVStore } from "#kernel/store.js";
import type { TxContext } from "#app/tx/execute.js";
import { freeMeter, gasStore } from "#app/tx/gas.js";
import { Branch, type Stores } from "./state.js";

/** Where writes and events of one step go; a branch keeps its own until it is committed. */
export class TestContext implements TxContext {
  readonly events: Event[] = [];
  readonly crypto: Crypto;
  readonly addresses: Addresses;

  constructor(
    environment: Environment,
    readonly block: BlockInfo,
    private readonly stores: Stores,
    readonly gas: GasMeter = freeMeter(),
    private readonly charged = false,
  ) {
    this.crypto = environment.crypto;
    this.addresses = environment.addresses;
  }

  store(name: string): KVStore {
    const store = this.stores.store(name);
    return this.charged ? gasStore(store, this.gas) : store;
  }

  emit(event: Event): void {
    this.events.push(event);
  }

  branch(): TestContext & { commit(): void } {
    return this.child(this.gas, this.charged);
  }

  /** A branch whose store access is charged to a meter. */
  metered(gas: GasMeter): TestContext & { commit(): void } {
    return this.child(gas, true);
  }

  /** Writes of a branch without its events. */
  absorb(branch: TestContext): void {
    if (!(branch.stores instanceof Branch)) throw new Error("no branch of a context");
    branch.stores.commit();
  }

  private child(gas: GasMeter, charged: boolean): TestContext & { commit(): void } {
    const child = new TestContext(this, this.block, new Branch(this.stores), gas, charged);
    return Object.assign(child, {
      commit: () => {
        this.absorb(child);
        this.events.push(...child.events);
      },
    });
  }
}
