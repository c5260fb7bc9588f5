import test from "ava";
import fc from "fast-check";
import { AuthInfo, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { largestBlockData } from "#protocol/block-room.js";
import { MAX_EXTENSION_BYTES } from "#protocol/verification/extension.js";
import { Account, TestNode } from "#test/chain/node.js";
import { send, shaped } from "#test/chain/shaped-tx.js";
import { type Head } from "../application.js";
import { gasWanted, largestTransaction, wireSize } from "./limits.js";
import { selectTransactions } from "./select.js";

const raw = (gasLimit: bigint, size = 0): Uint8Array =>
  TxRaw.encode({ bodyBytes: new Uint8Array(size), authInfoBytes: AuthInfo.encode(AuthInfo.fromPartial({ signerInfos: [{ sequence: 3n }], fee: { amount: [{ denom: "upouw", amount: "1" }], gasLimit } })).finish(), signatures: [new Uint8Array(64)] }).finish();

test("the gas limit is read out of a transaction without decoding it, and out of anything else something is", (t) => {
  for (const gas of [0n, 1n, 127n, 128n, 200_000n, (1n << 63n) - 1n, (1n << 64n) - 1n]) for (const size of [0, 1, 300, 70_000]) t.is(gasWanted(raw(gas, size)), gas);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => gasWanted(bytes) >= 0n));
  const whole = raw(200_000n);
  for (let n = 0; n < whole.length; n++) t.true(gasWanted(whole.subarray(0, n)) <= 200_000n);
});

test("a transaction that does not fit is passed over, with what its signers sent later; after many the block is full", (t) => {
  const big = raw(1n, 1_000);
  const small = (n: number) => raw(1n, n);
  const signers = new Map<Uint8Array, string[]>();
  const signed = (tx: Uint8Array, ...by: string[]) => (signers.set(tx, by), tx);
  const signersOf = (tx: Uint8Array): string[] => signers.get(tx) ?? [];
  const select = (txs: Uint8Array[], bytes: bigint, gas?: bigint) => selectTransactions(txs, { bytes, gas, ordinary: { bytes, gas }, votes: 0 }, { signersOf, urgentSigner: () => undefined });
  const [a1, a2, b1, c1] = [signed(big, "a"), signed(small(1), "a", "b"), signed(small(2), "b"), signed(small(3), "c")] as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  t.deepEqual(select([a1, a2, b1, c1], 900n), [c1]);
  t.deepEqual(select([a1, a2, b1, c1], 2_000n), [a1, a2, b1, c1]);
  t.deepEqual(select([raw(9n, 1), raw(10n, 2), raw(1n, 3)].map((tx) => tx), 2_000n, 10n), [raw(9n, 1), raw(1n, 3)]);
  const many = Array.from({ length: 33 }, () => big);
  t.deepEqual(select([...many.slice(1), c1], 900n), [c1]);
  t.deepEqual(select([...many, c1], 900n), []);
});

test("what a deadline waits for has its part of a block, whatever stands before it", (t) => {
  const [a, b, c, d, urgent] = [raw(30n, 1), raw(30n, 2), raw(30n, 3), raw(30n, 4), raw(20n, 5)] as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const select = (txs: Uint8Array[], gas = 100n, urgentSigner = (tx: Uint8Array): string | undefined => (tx === urgent ? "" : undefined)) =>
    selectTransactions(txs, { bytes: 10_000n, gas, ordinary: { bytes: 7_500n, gas: (gas * 3n) / 4n }, votes: 0 }, { signersOf: () => [], urgentSigner });
  t.deepEqual(select([a, b, c, d, urgent]), [a, b, urgent], "75 are for all others");
  t.deepEqual(select([...Array.from({ length: 100 }, () => a), urgent]), [a, a, urgent], "however many wait");
  const many = Array.from({ length: 20 }, () => raw(20n, 5));
  t.is(select(many, 1_000n, () => "").length, 20, "one signer's first eight, and the others as everybody's");
  t.is(selectTransactions(many, { bytes: 10_000n, gas: 1_000n, ordinary: { bytes: 7_500n, gas: 100n }, votes: 0 }, { signersOf: () => ["x"], urgentSigner: () => "x" }).length, 13);
  t.deepEqual(select([raw(90n, 7), urgent, a]), [raw(90n, 7)], "the first may be larger than what is left beside the lane");
});

const setUp = async (t: Parameters<typeof TestNode.start>[0], maxGas: bigint) => {
  const [a, b] = await Promise.all([Account.of("a"), Account.of("b")]);
  const node = await TestNode.start(t, { balances: { [a.address]: 1_000_000n, [b.address]: 1_000_000n }, maxGas });
  return { node, a, b, tx: (name: "a" | "b", gas: bigint) => shaped(node, [name === "a" ? a : b], { gas }) };
};

test("gas of a block: CheckTx refuses what no block can hold, proposals stay below it, others' above it are refused", async (t) => {
  const { node, tx } = await setUp(t, 500_000n);
  t.like(node.check(await tx("a", 500_001n)), { code: 41, log: "tx gas limit 500001 exceeds block max gas 500000: invalid gas limit" });
  const [one, two] = [await tx("a", 300_000n), await tx("b", 300_000n)];
  t.is(node.check(one).code, 0);
  const mine = node.propose([one, two]);
  t.deepEqual(mine.slice(1), [one]);
  t.true(node.accepts(mine));
  t.false(node.accepts([...mine, two]));
  t.true(node.accepts([...mine, await tx("b", 200_000n)]));
});

test("gas of a block: when others decided more than it has, nothing runs after the limit", async (t) => {
  const accounts = await Promise.all(["a", "b", "c"].map((n) => Account.of(n)));
  const node = await TestNode.start(t, { balances: Object.fromEntries(accounts.map((x) => [x.address, 1_000n])), maxGas: 60_000n });
  const txs = await Promise.all(accounts.map((x) => shaped(node, [x], { gas: 60_000n })));
  const proposed = node.propose(txs);
  t.is(proposed.length, 2);
  const [first] = proposed as [Uint8Array];
  t.false(node.accepts([first, ...txs]));
  const { txResults } = await node.decided([first, ...txs]);
  t.deepEqual(txResults.map((r) => r.code), [0, 0, 0, 11], "each used more than half of it");
  t.like(txResults[3], { log: "no block gas left to run tx: out of gas", gasUsed: 0n, gasWanted: 0n });
});

test("bytes of a block: the longest transaction that CheckTx takes stands beside the largest transaction 0", async (t) => {
  const node = await TestNode.make(t, { validators: 2, params: { staking: { max_validators: 2 } } });
  const maxBytes = 2n * largestBlockData(2);
  node.app.initChain(node.genesis(undefined, { maxBytes }));
  await node.block([]);
  const longest = Number(largestTransaction({ maxBytes, maxGas: -1n }, 2));
  t.like(node.check(new Uint8Array(longest + 1)), { code: 21, log: `${longest + 1} bytes, want at most ${longest}, or no block could hold it: tx too large` });
  t.is(node.check(new Uint8Array(longest)).code, 2);
  node.extensions = [0, 1].map(() => new Uint8Array(MAX_EXTENSION_BYTES));
  // what CometBFT leaves of max_bytes: block, header and commit taken off
  const room = maxBytes - 11n - 626n - 94n - 2n * 111n;
  const txs = node.propose([new Uint8Array(longest)], room);
  t.is(txs.length, 2);
  t.true(txs.reduce((n, tx) => n + wireSize(tx), 0n) <= room);
  t.is(node.propose([new Uint8Array(longest + 1)], room).length, 1);
});

test("the limits are known again after a restart", async (t) => {
  const { node, a } = await setUp(t, 500_000n);
  let head: Head | undefined;
  await node.restart(node.modules, { committed: (_state, block) => void (head = block) });
  t.deepEqual(head?.limits, { maxBytes: 4_194_304n, maxGas: 500_000n });
  const tx = await shaped(node, [a], { messages: [send(a.address)], gas: 500_001n });
  t.is(node.check(tx).code, 41);
});
