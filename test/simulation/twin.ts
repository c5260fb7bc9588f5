/** A second chain, which begins with the first one's export and is sent the same: it must answer the same and come to the same state. */
import type { BlockInfo } from "#kernel/context.js";
import { nodeCrypto } from "#platform/crypto.js";
import { TestChain } from "#test/chain/chain.js";

/** One thing that a block's transactions do; answers what became of it. */
export type Step = (c: TestChain) => string | undefined;

export interface Block {
  readonly steps: readonly Step[];
  /** of each step */
  readonly outcomes: readonly (string | undefined)[];
  readonly change: Partial<BlockInfo>;
}

/**
 * What no genesis has, as in the Cosmos SDK: plans of upgrades, and items of the queue of authorisations that are empty by now.
 */
const PLANS = "upgrade/";
const AUTHZ_QUEUE = "authz/02";
/**
 * Of these a genesis shows as much as is still open: the last number given to an unbonding, and the queue, in which a cancelled
 * unbonding stays until its time.
 */
const OF_OPEN_UNBONDINGS = /^staking\/(37|41)/;

const isExported = (key: string, value: string | undefined, other: string | undefined): boolean => !key.startsWith(PLANS) && !(key.startsWith(AUTHZ_QUEUE) && (value ?? "") === (other ?? ""));

/** Its state must be the first chain's, which was checked. PERF: invariants are half of what a block costs. */
class Unchecked extends TestChain {
  override checkInvariants(): void {}
}

export class Twin {
  private readonly chain: TestChain;
  private left: number;

  /** At the height of `of`, for so many blocks. Throws what is not equal. */
  constructor(private readonly of: TestChain, blocks: number) {
    this.left = blocks;
    const text = JSON.stringify(of.exported());
    this.chain = new Unchecked({
      crypto: nodeCrypto, chainId: of.chainId, keep: 5n, genesis: JSON.parse(text) as Record<string, unknown>, consensus: of.k.consensus.params(of.ctx),
      initialHeight: of.height + 1n, timeMs: of.timeMs,
    });
    // With others it would go on to another state.
    if (this.compare("begun with an export", OF_OPEN_UNBONDINGS)) this.left = 0;
    const again = JSON.stringify(this.chain.exported());
    if (again !== text) throw new Error(`an export of an export is another one: ${difference(text, again)}`);
  }

  get over(): boolean {
    return this.left <= 0;
  }

  /** The block that the first chain has just made. */
  block({ steps, outcomes, change }: Block): void {
    this.left--;
    this.chain.timeMs = this.of.timeMs - 1_000n;
    this.chain.block(
      (c) => {
        steps.forEach((step, i) => {
          const outcome = step(c);
          if (outcome !== outcomes[i]) throw new Error(`message ${i} of the block: ${outcome ?? "done"} on the chain begun with an export, ${outcomes[i] ?? "done"} on the first`);
        });
      },
      {},
      change,
    );
    const [a, b] = [this.of, this.chain].map((c) => JSON.stringify(c.events)) as [string, string];
    if (a !== b) throw new Error(`sent the same, its events are others: ${difference(a, b)}`);
    // PERF: two whole states of text are as much as the block itself; where they part, events or outcomes mostly do.
    if (this.over) this.compare("sent the same");
  }

  /** Whether something of `tolerated` differs; throws what else does. */
  private compare(what: string, tolerated?: RegExp): boolean {
    const [a, b] = [this.of, this.chain].map((c) => c.dump()) as [ReadonlyMap<string, string>, ReadonlyMap<string, string>];
    const differences = [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key) && isExported(key, a.get(key), b.get(key)));
    const wrong = differences.filter((key) => !tolerated?.test(key));
    if (wrong.length > 0) throw new Error(`${what}, ${wrong.length} keys differ; ${wrong.slice(0, 5).map((key) => `${key} is ${b.get(key) ?? "absent"}, on the first chain ${a.get(key) ?? "absent"}`).join("; ")}`);
    return differences.length > 0;
  }
}

/** Some text around the first difference. */
function difference(a: string, b: string): string {
  let i = 0;
  while (a[i] === b[i]) i++;
  return `…${b.slice(Math.max(0, i - 100), i + 60)}… where there was …${a.slice(Math.max(0, i - 100), i + 60)}…`;
}
