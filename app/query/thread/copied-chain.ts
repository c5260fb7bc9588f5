/** The chain as the thread that makes blocks tells it. */
import { type Crypto } from "#kernel/crypto.js";
import { type Assembly } from "../../assemble.js";
import { readHead } from "../../block/head.js";
import { Chain } from "../../chain.js";
import { type Batch, StoreCopy } from "../../store/index.js";

export class CopiedChain {
  private readonly store: StoreCopy;
  readonly chain: Chain;

  /** `migrateAt`: see upgrade.ts. */
  constructor(assembly: Assembly, crypto: Crypto, migrateAt?: bigint) {
    this.store = new StoreCopy(assembly.stores);
    this.chain = new Chain(this.store, assembly, crypto).open(undefined, migrateAt);
  }

  /** `whole`: nothing is missing after this part. */
  apply(batch: Batch, whole: boolean): void {
    this.store.apply(batch, whole);
    const head = whole ? readHead(this.store.latest()) : undefined;
    if (head) this.chain.committed(head);
  }
}
