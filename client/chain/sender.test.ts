import "#platform/install.js";
import { createHash } from "node:crypto";
import test from "ava";
import { MsgConfirmData } from "#proto/gen/pouw/supervision/v1/tx.js";
import { CliError } from "../cli-error.js";
import { openSender, type SenderOptions } from "./sender.js";
import { ChainError, type TxResult } from "./types.js";
import { message } from "./worker.js";

const MNEMONIC = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const hashOf = (tx: Uint8Array): string => createHash("sha256").update(tx).digest("hex");

/** A node whose index and blocks tell different things; what is broadcast is executed as it should be. */
class Node {
  readonly chainId = "c";
  height = 10n;
  sequence = 0n;
  signed = 0;
  readonly executed: string[] = [];
  readonly blocks = new Map<bigint, Uint8Array[]>();
  constructor(readonly o: { makesBlocks?: boolean; indexes?: boolean; keepsBlocks?: boolean; answersFirst?: boolean; executes?: (n: number) => boolean }) {}

  account = async () => ({ accountNumber: 1n, sequence: this.sequence });
  latest = async () => ({ height: this.height, timeMs: 0, appHash: new Uint8Array(0) });
  query = async () => ({ value: {}, height: this.height });
  broadcast = async (tx: Uint8Array): Promise<void> => {
    const n = ++this.signed;
    if (this.o.makesBlocks === false) return;
    this.sequence++;
    this.height += 2n;
    if (this.o.executes?.(n) ?? true) {
      this.executed.push(hashOf(tx));
      this.blocks.set(this.height - 1n, [Uint8Array.of(0), tx]);
    }
    if (n === 1 && this.o.answersFirst === false) throw new ChainError("sdk", 32, "account sequence mismatch");
  };
  transaction = async (hash: Uint8Array) => (this.o.indexes || this.signed > 1 ? this.result(hash) : undefined);
  searchBlocks = async (hash: Uint8Array, from: bigint, to: bigint) => {
    if (this.o.keepsBlocks === false) throw new CliError("node", "height 11 is not available");
    for (let at = from; at <= to; at++) if (this.blocks.get(at)?.some((tx) => hashOf(tx) === Buffer.from(hash).toString("hex"))) return this.result(hash);
    return undefined;
  };
  private result(hash: Uint8Array): TxResult | undefined {
    const hex = Buffer.from(hash).toString("hex");
    return this.executed.includes(hex) ? { hash: hex, height: this.height, code: 0, codespace: "", log: "", gasUsed: 0n, events: [], responses: [] } : undefined;
  }
}
const sendOn = async (node: Node, more: Partial<SenderOptions> = {}) =>
  (await openSender(node as never, { chain: node as never, mnemonic: MNEMONIC, rebroadcastMs: 0, ...more }, "pouw")).send([message(MsgConfirmData, { taskId: 1n })], { gas: 1n });

test("a transaction in a block that the node never indexed is found there, and not signed again", async (t) => {
  const node = new Node({ indexes: false });
  const { code } = await sendOn(node);
  t.is(code, 0);
  t.is(node.signed, 1);
  t.is(node.executed.length, 1);
});

test("one that was executed while the answer to its broadcast was lost is found too", async (t) => {
  const node = new Node({ indexes: false, answersFirst: false });
  t.is((await sendOn(node)).hash, String(node.executed[0]));
  t.is(node.signed, 1);
});

test("one whose sequence another transaction took is signed anew", async (t) => {
  const node = new Node({ executes: (n) => n > 1 });
  await sendOn(node);
  t.is(node.signed, 2);
  t.is(node.executed.length, 1);
});

test("where the node has not the blocks any more nothing is sent again, and the error says what to do", async (t) => {
  const node = new Node({ indexes: false, keepsBlocks: false });
  await t.throwsAsync(sendOn(node), { message: /whether [0-9A-F]{64} was executed cannot be told, .* from 11 to 12 .*look it up at another node/ });
  t.is(node.signed, 1);
});

test("on a chain that makes no blocks the hash is told, and the wait ends where it has an end, with how to look for it", async (t) => {
  const taken: string[] = [];
  const inTime = new Node({ indexes: true });
  const done = await sendOn(inTime, { inclusionMs: 60_000, onTaken: (hash) => taken.push(hash) });
  t.deepEqual(taken, [done.hash.toUpperCase()]);
  const node = new Node({ makesBlocks: false });
  const e = await t.throwsAsync(sendOn(node, { rebroadcastMs: 60_000, inclusionMs: 500, onTaken: (hash) => taken.push(hash) }), { instanceOf: CliError });
  t.is(node.signed, 1);
  t.is(taken.length, 2);
  t.regex(e?.message ?? "", new RegExp(`^${taken[1]} was taken by the node, and is not in a block yet after 1 s\\. It may still be executed: look for it later with .pouwd tx-result ${taken[1]}. before you send it again`));
  t.false(e?.message.includes("\n"));
});

test("without an end a sender waits for the block, as a daemon does", async (t) => {
  const node = new Node({ indexes: true, makesBlocks: false });
  let hash = "";
  const sent = sendOn(node, { rebroadcastMs: 60_000, onTaken: (h) => (hash = h) });
  t.is(await Promise.race([sent, new Promise((r) => setTimeout(() => r("waits"), 1500))]), "waits");
  node.executed.push(hash.toLowerCase());
  t.is((await sent).code, 0);
});
