import "#platform/install.js";
import test from "ava";
import { CallError, unavailable } from "#net/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { headSignBytes } from "#protocol/log/header.js";
import type { AnchoredHead } from "#proto/gen/pouw/supervision/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type LogSource, type LogUpdate, TaskLog } from "./log.js";
import { Unserved } from "./unserved.js";

const key = sessionKeyFromSeed(new Uint8Array(32).fill(1));
const MAP = Uint8Array.of(0);

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

/** Serves what `serving` gives at that moment, as a supervisor would: wrong ones are a CallError. `most` messages, then it is gone. */
function sourceOf(serving: () => readonly Iteration[], most = Infinity): { source: LogSource; asked: string[] } {
  const asked: string[] = [];
  let sent = 0;
  const at = (seq: bigint): Iteration => {
    const m = serving()[Number(seq) - 1];
    if (!m || ++sent > most) throw new CallError(14, "gone");
    return m;
  };
  return {
    asked,
    source: {
      descend: async (_slot, descent, floor) => {
        asked.push(`${descent.bottom - 1n} down to ${floor + 1n}`);
        try {
          while (descent.bottom - 1n > floor) descent.take(descent.check(at(descent.bottom - 1n), descent.bottom - 1n, descent.link));
        } catch (e) {
          throw unavailable((e as Error).message);
        }
      },
      page: async (_slot, first, last, check) => {
        asked.push(`${first}-${last}`);
        try {
          return check(serving().slice(Number(first) - 1, Number(last)));
        } catch (e) {
          throw unavailable((e as Error).message);
        }
      },
      expect: () => () => {},
      pause: (turn) => turn(),
    },
  };
}
function logOf(): { log: TaskLog; updates: LogUpdate[] } {
  const updates: LogUpdate[] = [];
  return { updates, log: new TaskLog({ chainId: "c", taskId: 1n, keys: [key.publicKey] }, (u) => updates.push(u)) };
}

test.serial("a long log comes in pages of about 1 MiB, from the anchored head down", async (t) => {
  const messages = chain(30_001);
  const { log, updates } = logOf();
  const { source, asked } = sourceOf(() => messages);
  await log.ensure(0, 30_001n, [headOf(messages)], source);
  t.is(log.length(0), 30_001n);
  t.deepEqual(asked, ["30001 down to 1"]);
  for (const seq of [1, 2, 9_999, 10_000, 10_001, 30_001]) t.deepEqual(log.header(0, BigInt(seq)), messages[seq - 1]?.header);
  t.is(updates.length, 1);
  t.is(updates[0]?.from, 1n);
  const pages = updates[0]?.pages ?? [];
  t.true(pages.length > 3 && pages.every((p) => p.bytes.byteLength < 2 << 20));
});

test.serial("messages that were checked stay when a later one is not served, and the next attempt goes on behind them", async (t) => {
  const messages = chain(2_500);
  const { log } = logOf();
  const e = await t.throwsAsync(log.ensure(0, 2_500n, [headOf(messages)], sourceOf(() => messages, 2_001).source), { instanceOf: Unserved });
  t.true((e as Unserved).anchored);
  t.is(log.length(0), 0n, "nothing that is not whole");
  const { source, asked } = sourceOf(() => messages);
  await log.ensure(0, 2_500n, [headOf(messages)], source);
  t.deepEqual(asked, ["499 down to 1"]);
  t.is(log.length(0), 2_500n);
});

test.serial("what an earlier job left half done serves a later one with a higher head", async (t) => {
  const messages = chain(3_000);
  const { log } = logOf();
  await t.throwsAsync(log.ensure(0, 2_000n, [headOf(messages, 2_000)], sourceOf(() => messages, 1_000).source), { instanceOf: Unserved });
  const { source, asked } = sourceOf(() => messages);
  await log.ensure(0, 3_000n, [headOf(messages)], source);
  t.deepEqual(asked, ["3000 down to 2001", "1000 down to 1"]);
  t.is(log.length(0), 3_000n);
});

test.serial("a fork or a wrong map in the middle is served by nobody, and nothing of it stays", async (t) => {
  const messages = chain(20);
  const forked = chain(20, { mark: 1, before: messages.slice(0, 10) });
  const { log } = logOf();
  await t.throwsAsync(log.ensure(0, 20n, [headOf(messages)], sourceOf(() => forked).source), { instanceOf: Unserved, message: /header hash/ });
  const otherMap = messages.map((m, i) => (i === 7 ? { ...m, map: Uint8Array.of(1, 0, 0) } : m));
  await t.throwsAsync(log.ensure(0, 20n, [headOf(messages)], sourceOf(() => otherMap).source), { instanceOf: Unserved, message: /map/ });
  t.is(log.length(0), 0n);
});

test.serial("signed messages above the anchored head are replaced when another fork is anchored, and kept when they are it", async (t) => {
  const base = chain(6, { signed: true });
  const anchored = chain(12, { mark: 2, before: base.slice(0, 4), signed: true });
  const { log, updates } = logOf();
  await log.ensure(0, 6n, [headOf(base, 3)], sourceOf(() => base).source);
  t.is(log.length(0), 6n);
  await log.ensure(0, 5n, [headOf(base, 4)], sourceOf(() => []).source);
  t.deepEqual(updates.map((u) => u.from), [1n, 4n], "the head at 4 is what is here already");
  const { source, asked } = sourceOf(() => anchored);
  await log.ensure(0, 12n, [headOf(anchored)], source);
  t.deepEqual(asked, ["12 down to 7", "6 down to 5"]);
  t.is(updates.at(-1)?.from, 5n);
  t.deepEqual(log.header(0, 5n), anchored[4]?.header);
});

test.serial("a message above the anchored head that the slot did not sign is not anchored and not served", async (t) => {
  const messages = chain(5);
  const { log } = logOf();
  const e = await t.throwsAsync(log.ensure(0, 5n, [headOf(messages, 3)], sourceOf(() => messages).source), { instanceOf: Unserved });
  t.false((e as Unserved).anchored);
  t.is(log.length(0), 3n);
});

test.serial("heads of another chain than the log was checked against are noticed", async (t) => {
  const messages = chain(8);
  const { log } = logOf();
  await log.ensure(0, 8n, [headOf(messages)], sourceOf(() => messages).source);
  t.true(log.agrees(0, [headOf(messages, 3), headOf(messages)]));
  t.true(log.agrees(0, [{ seq: 9n, hash: new Uint8Array(32) }]), "above it nothing is known");
  t.false(log.agrees(0, [headOf(chain(8, { mark: 1 }), 3)]));
});
