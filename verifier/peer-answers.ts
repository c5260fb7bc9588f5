/**
 * What each supervisor relays of the peers' messages that a miner counted. The miner tells all of them the same, so the
 * answer of an honest one is enough by itself; what others add, signed or not, must not spoil it. So each answer is tried
 * alone, and then all together.
 */
import { concat, toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";

export class PeerAnswers {
  readonly #merged = new Map<string, Iteration>();
  readonly #tried = new Set<string>();
  #answers = 0;

  /** `supervisors`: how many are asked */
  constructor(private readonly supervisors: number) {}

  /** Takes one supervisor's answer; gives the sets of messages that are worth a re-run and were not among the last. */
  add(messages: readonly Iteration[]): (readonly Iteration[])[] {
    this.#answers++;
    const alone = new Map(messages.map((m) => [idOf(m), m]));
    for (const [id, m] of alone) this.#merged.set(id, m);
    return [alone, this.#merged].filter((set) => this.#isNew(set)).map((set) => [...set.values()]);
  }

  /** What the miner served: nothing, where most supervisors say that it did not and a few say what they like. */
  believed(): readonly Iteration[] {
    return 2 * this.#answers > this.supervisors ? [...this.#merged.values()] : [];
  }

  #isNew(set: ReadonlyMap<string, Iteration>): boolean {
    if (set.size === 0) return false;
    const id = toHex(nodeCrypto.sha256(Buffer.from([...set.keys()].toSorted().join(""))));
    if (this.#tried.has(id)) return false;
    this.#tried.add(id);
    return true;
  }
}

const idOf = (m: Iteration): string => toHex(nodeCrypto.sha256(concat(m.header, m.map, m.signature)));
