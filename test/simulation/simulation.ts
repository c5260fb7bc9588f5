/**
 * A random course of a whole chain, all of it from one seed. After each block the chain checks its invariants and its supply
 * (test/chain/chain.ts); at random heights its export begins a second chain, which must be equal and stay so for a while.
 */
import { toHex, utf8 } from "#kernel/bytes.js";
import type { BlockInfo } from "#kernel/context.js";
import type { EncodedMessage } from "#kernel/services.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Codec } from "#proto/wire.js";
import { attributesOf, TestChain } from "#test/chain/chain.js";
import { Courses } from "./courses.js";
import { Engine } from "./engine.js";
import { beginning, type Names } from "./genesis.js";
import { Random } from "./random.js";
import { type Step, Twin } from "./twin.js";

/** Sends one message, or a few that belong together; nothing, where the state has nothing to do it with. */
export type Operation = (s: Simulation) => void;
export type Operations = readonly (readonly [weight: number, run: Operation])[];

interface Sent {
  readonly what: string;
  readonly outcome: string | undefined;
}

/** Operations of a block, at most. */
const BUSY = 24;
const KEPT_MESSAGES = 400;
/** lines of what was sent of late, for an account of a failure */
const NOTED = 25;
const COMMAND = "node --conditions=source --import=tsx test/simulation/main.ts";

export class Simulation {
  readonly random: Random;
  readonly chain: TestChain;
  readonly names: Names;
  readonly courses: Courses;
  /** messages that succeeded, by type */
  readonly done = new Map<string, number>();
  /** messages that were refused: by type and code */
  readonly refused = new Map<string, number>();
  /** types of events that were there */
  readonly events = new Set<string>();
  /** what was sent of late, for repeating it */
  readonly recent: EncodedMessage[] = [];
  readonly engine: Engine;
  twins = 0;
  private steps: Step[] = [];
  private sent: Sent[] = [];
  private noted: string[] = [];
  private twin: Twin | undefined;
  private fresh = 0;

  constructor(readonly seed: number, private readonly operations: Operations) {
    this.random = new Random(seed);
    const { options, names } = beginning(this.random);
    this.names = names;
    this.chain = new TestChain({ crypto: nodeCrypto, keep: 5n, ...options });
    this.courses = new Courses(this.chain, this.random);
    this.engine = new Engine(this.random, this.chain);
  }

  get authority(): string {
    return this.chain.environment.addresses.module("gov");
  }
  /** Seconds since 1970, so many behind the present block. */
  inSeconds(n: number): bigint {
    return this.chain.timeMs / 1000n + BigInt(n);
  }
  balance(address: string, denom?: string): bigint {
    return this.chain.k.bank.balance(this.chain.ctx, address, denom);
  }
  /** An address that nobody has yet. */
  newcomer(): string {
    const address = this.chain.address(`newcomer ${this.fresh++}`);
    this.names.accounts.push(address);
    return address;
  }

  /** Sends a message; whether it succeeded. */
  send<M>(codec: Codec<M>, message: Partial<M>): boolean {
    return this.sendEncoded({ typeUrl: codec.typeUrl, value: codec.encode(codec.create(message)) });
  }

  sendEncoded(message: EncodedMessage): boolean {
    // Now and then gas is over on the way: then nothing of the message may stay.
    const gas = this.random.percent(3) ? BigInt(this.random.between(1_000, 60_000)) : undefined;
    const outcome = this.step(message.typeUrl, (c) => dispatched(c, message, gas));
    if (outcome === undefined) this.count(message.typeUrl);
    else this.refused.set(`${message.typeUrl} ${outcome}`, (this.refused.get(`${message.typeUrl} ${outcome}`) ?? 0) + 1);
    this.recent.push(message);
    if (this.recent.length > KEPT_MESSAGES) this.recent.shift();
    return outcome === undefined;
  }

  /** Does it, and has a second chain do it too. */
  step(what: string, run: Step): string | undefined {
    this.steps.push(run);
    const outcome = run(this.chain);
    this.sent.push({ what, outcome });
    return outcome;
  }

  count(typeUrl: string): void {
    this.done.set(typeUrl, (this.done.get(typeUrl) ?? 0) + 1);
  }

  /** One block. Throws with its height and the messages of late what should not have been. */
  block(): void {
    this.steps = [];
    this.sent = [];
    try {
      const change = this.engine.block();
      this.chain.block(() => this.transactions(), {}, change);
      this.engine.committed({ height: this.chain.height, timeNs: change.timeNs as bigint }, this.chain.updates);
      this.countPassed();
      for (const { type } of this.chain.events) this.events.add(type);
      this.compare(change);
      this.noted = this.account().slice(-NOTED);
    } catch (e) {
      throw new Error([(e as Error).message, ...this.account(), `again with: ${COMMAND} --seed ${this.seed} --blocks ${this.chain.height}`].join("\n"), { cause: e });
    }
  }

  blocks(n: number): this {
    for (let i = 0; i < n; i++) this.block();
    return this;
  }

  /** Of the whole state, hexadecimal. */
  hash(): string {
    const text = [...this.chain.dump()].map(([k, v]) => `${k}=${v}`).join("\n");
    return toHex(nodeCrypto.sha256(utf8(text)));
  }

  private transactions(): void {
    this.courses.look();
    const n = this.random.below(this.random.percent(5) ? 3 * BUSY : BUSY);
    for (let i = 0; i < n; i++) this.random.weighted(this.operations)(this);
  }

  /** What was sent, up to this block. */
  private account(): string[] {
    return [...this.noted, `block ${this.chain.height}`, ...this.sent.map(({ what, outcome }) => `  ${what} ${outcome ?? "done"}`)];
  }

  /** What proposals have done, which nobody sends. */
  private countPassed(): void {
    for (const e of attributesOf(this.chain.events, "active_proposal")) {
      if (e["proposal_result"] !== "proposal_passed") continue;
      const messages = this.chain.k.gov.proposal(this.chain.ctx, BigInt(e["proposal_id"] as string))?.messages ?? [];
      for (const { typeUrl } of messages) this.count(typeUrl);
    }
  }

  private compare(change: Partial<BlockInfo>): void {
    if (this.twin && !this.twin.over) {
      this.twin.block({ steps: this.steps, outcomes: this.sent.map((s) => s.outcome), change });
      return;
    }
    this.twin = undefined;
    if (!this.random.percent(6)) return;
    this.twin = new Twin(this.chain, this.random.between(3, 25));
    this.twins++;
  }
}

/** `codespace/code` of a refusal. */
function dispatched(c: TestChain, message: EncodedMessage, gas: bigint | undefined): string | undefined {
  const done = c.deliverEncoded(message, gas);
  return "code" in done ? `${done.codespace}/${done.code}` : undefined;
}
