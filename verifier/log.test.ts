import "#platform/install.js";
import test from "ava";
import { CallError, unavailable } from "#net/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { headSignBytes } from "#protocol/log/header.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type FetchLog, type LogUpdate, TaskLog } from "./log.js";
import { type Attempt } from "./patience.js";
import { Unserved } from "./unserved.js";

const key = sessionKeyFromSeed(new Uint8Array(32).fill(1));
const MAP = Uint8Array.of(0);
const attempt: Attempt = { signal: new AbortController().signal, progress: () => {}, pause: (turn) => turn() };

/** So many messages of slot 0, from `before` on; `mark` tells forks apart. */
function chain(length: number, options: { mark?: number; before?: Iteration[]; signed?: boolean } = {}): Iteration[] {
  const out = [...(options.before ?? [])];
  while (out.length < length) {
    const seq = BigInt(out.length + 1);
    const previous = out.at(-1);
    const header = Header.encode(Header.create({ version: 1, chainId: "c", taskId: 1n, slot: 0, seq, prev: previous ? nodeCrypto.sha256(previous.header) : new Uint8Array(32), mapHash: nodeCrypto.sha256(MAP), clock: [seq - 1n], overdrive: options.mark ?? 0 }));
    const signature = options.signed ? key.sign(headSignBytes(nodeCrypto, { chainId: "c", taskId: 1n, slot: 0, seq, headerHash: nodeCrypto.sha256(header) })) : new Uint8Array(64);
    out.push({ header, map: MAP, signature });
  }
  return out;
}
const headOf = (messages: readonly Iteration[], seq = messages.length): AnchoredHead => ({ height: 9n, seq: BigInt(seq), hash: nodeCrypto.sha256((messages[seq - 1] as Iteration).header) });

/** Fetches from the messages that `serving` gives at that moment, as a supervisor would: wrong ones are a CallError. */
function fetcher(serving: () => readonly Iteration[]): { fetch: FetchLog; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    fetch: async (_slot, first, last, check) => {
      asked.push(`${first}-${last}`);
      try {
        return check(serving().slice(Number(first) - 1, Number(last)));
      } catch (e) {
        throw unavailable((e as Error).message);
      }
    },
  };
}
function logOf(): { log: TaskLog; updates: LogUpdate[] } {
  const updates: LogUpdate[] = [];
  return { updates, log: new TaskLog({ chainId: "c", taskId: 1n, keys: [key.publicKey] }, (u) => updates.push(u)) };
}

test.serial("a long log comes in pages, from the anchored head down", async (t) => {
  const messages = chain(130_001);
  const { log, updates } = logOf();
  const { fetch, asked } = fetcher(() => messages);
  await log.ensure(0, 130_001n, [headOf(messages)], fetch, attempt);
  t.is(log.length(0), 130_001n);
  t.is(asked.length, 14);
  t.is(asked[0], "120002-130001");
  for (const seq of [1, 2, 9_999, 10_000, 10_001, 130_001]) t.deepEqual(log.header(0, BigInt(seq)), messages[seq - 1]?.header);
  t.is(updates.length, 1);
  t.is(updates[0]?.from, 1n);
});

test.serial("pages that were checked stay when a later one is not served, and the next attempt goes on behind them", async (t) => {
  const messages = chain(25_000);
  const { log } = logOf();
  let pages = 0;
  const broken: FetchLog = async (_s, first, last, check) => {
    if (++pages > 2) throw new CallError(14, "gone");
    return check(messages.slice(Number(first) - 1, Number(last)));
  };
  const e = await t.throwsAsync(log.ensure(0, 25_000n, [headOf(messages)], broken, attempt), { instanceOf: Unserved });
  t.true((e as Unserved).anchored);
  t.is(log.length(0), 0n, "nothing that is not whole");
  const { fetch, asked } = fetcher(() => messages);
  await log.ensure(0, 25_000n, [headOf(messages)], fetch, attempt);
  t.deepEqual(asked, ["1-5000"]);
  t.is(log.length(0), 25_000n);
});

test.serial("what an earlier job left half done serves a later one with a higher head", async (t) => {
  const messages = chain(30_000);
  const { log } = logOf();
  let pages = 0;
  const broken: FetchLog = async (_s, first, last, check) => {
    if (++pages > 1) throw new CallError(14, "gone");
    return check(messages.slice(Number(first) - 1, Number(last)));
  };
  await t.throwsAsync(log.ensure(0, 20_000n, [headOf(messages, 20_000)], broken, attempt), { instanceOf: Unserved });
  const { fetch, asked } = fetcher(() => messages);
  await log.ensure(0, 30_000n, [headOf(messages)], fetch, attempt);
  t.deepEqual(asked, ["20001-30000", "1-10000"]);
  t.is(log.length(0), 30_000n);
});

test.serial("a fork or a wrong map in the middle is served by nobody, and nothing of it stays", async (t) => {
  const messages = chain(20);
  const forked = chain(20, { mark: 1, before: messages.slice(0, 10) });
  const { log } = logOf();
  await t.throwsAsync(log.ensure(0, 20n, [headOf(messages)], fetcher(() => forked).fetch, attempt), { instanceOf: Unserved, message: /header hash/ });
  const otherMap = messages.map((m, i) => (i === 7 ? { ...m, map: Uint8Array.of(1, 0, 0) } : m));
  await t.throwsAsync(log.ensure(0, 20n, [headOf(messages)], fetcher(() => otherMap).fetch, attempt), { instanceOf: Unserved, message: /map/ });
  t.is(log.length(0), 0n);
});

test.serial("signed messages above the anchored head are replaced when another fork is anchored, and kept when they are it", async (t) => {
  const base = chain(6, { signed: true });
  const anchored = chain(12, { mark: 2, before: base.slice(0, 4), signed: true });
  const { log, updates } = logOf();
  await log.ensure(0, 6n, [headOf(base, 3)], fetcher(() => base).fetch, attempt);
  t.is(log.length(0), 6n);
  await log.ensure(0, 5n, [headOf(base, 4)], fetcher(() => []).fetch, attempt);
  t.deepEqual(updates.map((u) => u.from), [1n, 4n], "the head at 4 is what is here already");
  const { fetch, asked } = fetcher(() => anchored);
  await log.ensure(0, 12n, [headOf(anchored)], fetch, attempt);
  t.deepEqual(asked, ["7-12", "5-6"]);
  t.is(updates.at(-1)?.from, 5n);
  t.deepEqual(log.header(0, 5n), anchored[4]?.header);
});

test.serial("a message above the anchored head that the slot did not sign is not anchored and not served", async (t) => {
  const messages = chain(5);
  const { log } = logOf();
  const e = await t.throwsAsync(log.ensure(0, 5n, [headOf(messages, 3)], fetcher(() => messages).fetch, attempt), { instanceOf: Unserved });
  t.false((e as Unserved).anchored);
  t.is(log.length(0), 3n);
});

test.serial("heads of another chain than the log was checked against are noticed", async (t) => {
  const messages = chain(8);
  const { log } = logOf();
  await log.ensure(0, 8n, [headOf(messages)], fetcher(() => messages).fetch, attempt);
  t.true(log.agrees(0, [headOf(messages, 3), headOf(messages)]));
  t.true(log.agrees(0, [{ height: 10n, seq: 9n, hash: new Uint8Array(32) }]), "above it nothing is known");
  t.false(log.agrees(0, [headOf(chain(8, { mark: 1 }), 3)]));
});
