import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKeyFromSeed } from "#platform/keys.js";
import { silentLogger } from "#platform/log.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { headSignBytes } from "#protocol/log/header.js";
import { type OwnHeadsInput, signedBeyond } from "./own-heads.js";

const [ours, theirs] = [1, 2].map((i) => sessionKeyFromSeed(new Uint8Array(32).fill(i))) as [ReturnType<typeof sessionKeyFromSeed>, ReturnType<typeof sessionKeyFromSeed>];
const message = (seq: bigint, key = ours): Iteration => {
  const header = Header.encode(Header.create({ version: 1, chainId: "c", taskId: 1n, slot: 0, seq }));
  return { header, map: new Uint8Array(0), signature: key.sign(headSignBytes(nodeCrypto, { chainId: "c", taskId: 1n, slot: 0, seq, headerHash: nodeCrypto.sha256(header) })) };
};
const ask = (answers: (Iteration | undefined | Error)[], head = 0n, anchored = 0n) =>
  signedBeyond({
    chainId: "c",
    taskId: 1n,
    slots: [0],
    publicKey: ours.publicKey,
    head: () => head,
    anchored: () => anchored,
    supervisors: answers.map((a, i) => ({ worker: `s${i}`, newest: () => (a instanceof Error ? Promise.reject(a) : Promise.resolve(a)) })),
    log: silentLogger,
  } satisfies OwnHeadsInput);

test("what others show with our signature, or the chain anchored, is waited for", async (t) => {
  t.deepEqual([...(await ask([message(7n), message(9n), undefined]))], [[0, 9n]]);
  t.deepEqual([...(await ask([undefined], 3n, 5n))], [[0, 5n]]);
  t.deepEqual([...(await ask([message(7n)], 7n))], []);
});

test("with its log intact a miner is not held back by a seq that it did not sign, nor by silence", async (t) => {
  t.deepEqual([...(await ask([message(1n << 40n, theirs), new Error("silent"), message(4n)], 6n))], []);
});

test("with its log lost a miner waits until every supervisor has told, and an unsigned message tells nothing", async (t) => {
  await t.throwsAsync(ask([message(9n), message(1n << 40n, theirs)]), { message: /1 supervisors do not answer/ });
  await t.throwsAsync(ask([message(9n), new Error("the log is not open yet")]), { message: /waiting, so that no seq is signed twice/ });
  t.deepEqual([...(await ask([undefined, undefined]))], []);
});
