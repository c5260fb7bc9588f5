/** Strangers fill blocks at the least price; what a deadline waits for is in the next block all the same. */
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgAnchorLog, MsgConfirmData } from "#proto/gen/pouw/supervision/v1/tx.js";
import { MsgJoinTask } from "#proto/gen/pouw/matching/v1/tx.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgRegisterWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import { type Codec } from "#proto/wire.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { coin } from "#test/chain/chain.js";
import { EVALUATORS, MINERS, spec, SUPERVISORS } from "#test/chain/course.js";
import { environment } from "#test/chain/environment.js";
import { signerOf } from "#test/chain/keys.js";
import { Account, NODE_CHAIN, TestNode } from "#test/chain/node.js";
import { send } from "#test/chain/shaped-tx.js";
import { SlotLog } from "#test/chain/slot-log.js";
import { gasWanted } from "./limits.js";

const MAX_GAS = 6_000_000n;
const PRICE = { fees: { min_gas_price: "0.001", max_tx_share: 100_000, lane_share: 250_000 } };
const GAS = 550_000n;
const fee = (gas: bigint) => [coin((gas + 999n) / 1_000n)];
const hex = (tx: Uint8Array): string => Buffer.from(tx).toString("hex");

/** A node whose mempool is what CheckTx let in, in its order, with as much of a block as the engine hands over. */
class Busy {
  pool: Uint8Array[] = [];
  private readonly next = new Map<string, bigint>();
  constructor(
    readonly node: TestNode,
    readonly strangers: readonly Account[],
  ) {}

  async signed(a: Account, codec: Codec<never>, value: object, gas = GAS): Promise<Uint8Array> {
    const c = codec as unknown as Codec<object>;
    return this.node.tx(a, [{ typeUrl: c.typeUrl, value: c.encode(c.create(value)) }], { gas, fee: fee(gas), sequence: this.sequenceOf(a) });
  }
  private sequenceOf(a: Account): bigint {
    const sequence = this.next.get(a.address) ?? this.node.account(a.address)?.sequence ?? 0n;
    this.next.set(a.address, sequence + 1n);
    return sequence;
  }
  /** As many transfers as are let in; each asks for a tenth of a block. */
  async flood(): Promise<number> {
    let refused = 0;
    for (const s of this.strangers) {
      const sequence = this.node.account(s.address)?.sequence ?? 0n;
      const waiting = BigInt(this.next.get(s.address) ?? sequence);
      const tx = await this.node.tx(s, [send(s.address)], { gas: MAX_GAS / 10n, fee: fee(MAX_GAS / 10n), sequence: waiting });
      const { code } = this.node.check(tx);
      if (code === 0) {
        this.pool.push(tx);
        this.next.set(s.address, waiting + 1n);
      } else refused++;
    }
    return refused;
  }
  offer(tx: Uint8Array): { readonly code: number; readonly log: string } {
    const r = this.node.check(tx);
    if (r.code === 0) this.pool.push(tx);
    return r;
  }
  /** What the engine reaps: in their order, until a block's gas is asked for. */
  private reaped(): Uint8Array[] {
    let gas = 0n;
    return this.pool.filter((tx) => (gas += gasWanted(tx)) <= MAX_GAS);
  }
  async block(): Promise<{ has(tx: Uint8Array): number | undefined; count: number }> {
    const txs = this.node.propose(this.reaped(), 1_000_000n);
    const { txResults } = await this.node.decided(txs);
    const codes = new Map(txs.map((tx, i) => [hex(tx), txResults[i]?.code as number]));
    this.pool = this.pool.filter((tx) => !codes.has(hex(tx)));
    for (const tx of this.pool) this.node.recheck(tx);
    return { has: (tx) => codes.get(hex(tx)), count: txs.length - 1 };
  }
}

test("while strangers fill blocks at the least price, joining, confirming and anchoring are in the next block", async (t) => {
  const names = [...MINERS, ...SUPERVISORS, ...EVALUATORS, "client", ...Array.from({ length: 30 }, (_, i) => `stranger${i}`)];
  const accounts = new Map(await Promise.all(names.map(async (n) => [n, await Account.of(n)] as const)));
  const of = (n: string): Account => accounts.get(n) as Account;
  const byAddress = new Map([...accounts.values()].map((a) => [a.address, a]));
  const node = await TestNode.start(t, { balances: Object.fromEntries([...accounts.values()].map((a) => [a.address, 100_000_000n])), maxGas: MAX_GAS, params: PRICE });
  const busy = new Busy(node, names.filter((n) => n.startsWith("stranger")).map(of));
  const k = node.modules.keepers;
  const must = async (txs: readonly Uint8Array[]): Promise<void> => {
    for (const tx of txs) t.is(busy.offer(tx).code, 0);
    const b = await busy.block();
    for (const tx of txs) t.is(b.has(tx), 0);
  };
  for (const [list, role] of [[MINERS, Role.ROLE_MINER], [SUPERVISORS, Role.ROLE_SUPERVISOR], [EVALUATORS, Role.ROLE_EVALUATOR]] as const) {
    await must(await Promise.all(list.map((n) => busy.signed(of(n), MsgRegisterWorker as never, { worker: of(n).address, roles: [role], profiles: [EXACT_PROFILE], memory: 1n << 34n, maxSeats: 1, stake: coin(100_000n) }))));
  }
  await must([await busy.signed(of("client"), MsgCreateTask as never, { client: of("client").address, spec: spec(nodeCrypto), fee: coin(100_000n), bond: coin(20_000n) })]);
  const task = () => k.tasks.must(node.state, 1n);
  while (task().phase === Phase.PHASE_REGISTRATION) await busy.block();

  const seats = () => k.matching.seats(node.state, 1n);
  const session = (worker: string) => signerOf(nodeCrypto, `session of ${worker}`);
  const account = (worker: string): Account => byAddress.get(worker) as Account;
  /** Behind as many transfers as the mempool takes. */
  const urgent = async (what: string, txs: readonly Uint8Array[]): Promise<void> => {
    const refused = await busy.flood();
    t.true(refused > 10, `${what}: the mempool was full, ${refused} were refused`);
    for (const tx of txs) t.is(busy.offer(tx).code, 0, what);
    const b = await busy.block();
    for (const tx of txs) t.is(b.has(tx), 0, `${what} is in the next block`);
    t.true(b.count > txs.length + 3, "and so are strangers");
  };
  await urgent("join", await Promise.all([...new Set(seats().map((s) => s.worker))].slice(0, 3).map((w) => busy.signed(account(w), MsgJoinTask as never, { worker: w, taskId: 1n, sessionKey: session(w).key, endpoint: "127.0.0.1:4000" }, 300_000n))));
  for (const w of [...new Set(seats().map((s) => s.worker))].slice(3)) await urgent("join", [await busy.signed(account(w), MsgJoinTask as never, { worker: w, taskId: 1n, sessionKey: session(w).key, endpoint: "127.0.0.1:4000" }, 300_000n)]);
  for (const s of seats().filter((x) => x.role === Role.ROLE_SUPERVISOR)) await urgent("confirm", [await busy.signed(account(s.worker), MsgConfirmData as never, { supervisor: s.worker, taskId: 1n }, 300_000n)]);
  t.is(task().phase, Phase.PHASE_TRAINING);

  const miner = seats().find((s) => s.role === Role.ROLE_MINER && s.index === 0)?.worker as string;
  const log = new SlotLog({ hash: nodeCrypto, chainId: NODE_CHAIN, taskId: 1n, slot: 0, keys: session(miner) });
  const supervisor = seats().find((s) => s.role === Role.ROLE_SUPERVISOR)?.worker as string;
  await urgent("anchor", [await busy.signed(account(supervisor), MsgAnchorLog as never, { supervisor, taskId: 1n, heads: [log.head(1)], seen: [] }, 300_000n)]);

  await busy.flood();
  const stranger = of("stranger29");
  const notTheirs = await busy.signed(stranger, MsgAnchorLog as never, { supervisor: stranger.address, taskId: 1n, heads: [log.head(2)], seen: [] }, MAX_GAS / 10n);
  t.like(busy.offer(notTheirs), { code: 20 }, "the lane is of those who have a seat");
  const codes: number[] = [];
  for (let i = 0; i < 9; i++) codes.push(busy.offer(await busy.signed(account(supervisor), MsgAnchorLog as never, { supervisor, taskId: 1n, heads: [log.head(1)], seen: [] }, 500_000n)).code);
  t.deepEqual(codes, [0, 0, 0, 0, 0, 0, 0, 0, 20], "and who has one cannot fill the mempool by it");
});

test("a price is asked in CheckTx and in blocks, and one transaction has a tenth of a block at most", async (t) => {
  const a = await Account.of("a");
  const node = await TestNode.start(t, { balances: { [a.address]: 1_000_000n }, maxGas: MAX_GAS, params: PRICE });
  const free = await node.tx(a, [send(a.address)], { gas: 200_000n });
  t.like(node.check(free), { code: 13, log: "insufficient fees; got:  required: 200upouw: insufficient fee" });
  const { txResults } = await node.decided([...node.propose([]), free]);
  t.is(txResults.at(-1)?.code, 13, "whoever proposes it");
  t.is(node.account(a.address)?.sequence ?? 0n, 0n);
  const short = await node.tx(a, [send(a.address)], { gas: 200_000n, fee: [coin(199n)] });
  t.is(node.check(short).code, 13);
  const large = await node.tx(a, [send(a.address)], { gas: 600_001n, fee: [coin(601n)] });
  t.like(node.check(large), { code: 41 });
  t.regex(node.check(large).log, /tx gas limit 600001 exceeds 600000, the most that one transaction may ask for of a block's 6000000/);
  const [paid] = await node.block([await node.tx(a, [send(a.address)], { gas: 200_000n, fee: [coin(200n)] })]);
  t.is(paid?.code, 0, paid?.log);
  t.is(node.modules.keepers.bank.balance(node.state, environment.addresses.module("fee_collector")), 200n);
});

test("transactions that ask for much and use nothing keep nobody out", async (t) => {
  const [evil, honest] = await Promise.all(["evil", "honest"].map((n) => Account.of(n))) as [Account, Account];
  const node = await TestNode.start(t, { balances: { [evil.address]: 1_000_000n, [honest.address]: 1_000_000n }, maxGas: MAX_GAS, params: PRICE });
  let taken = 0;
  for (let i = 0n; i < 70n; i++) {
    const tx = await node.tx(evil, [send(evil.address)], { gas: MAX_GAS / 10n, fee: fee(MAX_GAS / 10n), sequence: BigInt(taken) });
    if (node.check(tx).code === 0) taken++;
  }
  t.is(taken, 7, "what a block has beside the lane");
  const small = await node.tx(honest, [send(honest.address)], { gas: 200_000n, fee: fee(200_000n) });
  t.is(node.check(small).code, 0);
});
