/**
 * Committed bank transfers a second on one validator of ours, beside CometBFT's built-in kvstore under the same engine
 * configuration and the same loader. The kvstore checks no signature, keeps its state in memory and runs inside the
 * engine's process: it is what the engine itself can do here, a bound and not a rival.
 *
 * Each side's correctness is asserted before its first timed round and after each: codes are 0, balances moved by the sum.
 */
import { createHash } from "node:crypto";
import { testNetwork } from "#test/network/network.js";
import { startKvStore } from "./load/kvstore.js";
import { load, type Target } from "./load/loader.js";
import { Transfers } from "./load/transfers.js";
import { median, quick, ratioOf, report, reportRounds, round, takeTurns } from "./measure.js";

const ROUNDS = quick ? 1 : 5;
const SENDERS = quick ? 20 : 200;
const EACH = quick ? 5 : 20;
const CONNECTIONS = quick ? 4 : 32;
/** Short blocks, so that a round is many of them: its end is known to one block. */
const BLOCK_MS = 250;
/** apart from the network's own ports, which begin at its offset */
const KVSTORE_PORTS = 50;

/** `key=value` transactions of exactly these sizes, no key twice. */
function pairs(prefix: string, lists: readonly (readonly Uint8Array[])[]): { txs: Uint8Array[][]; key: string; value: string } {
  let n = 0;
  let key = "";
  let value = "";
  const txs = lists.map((list, i) =>
    list.map((tx) => {
      key = createHash("sha256").update(`${prefix}/${i}/${n++}`).digest("hex").slice(0, 24);
      value = createHash("sha256").update(key).digest("hex").repeat(1 + Math.floor(tx.length / 64)).slice(0, tx.length - key.length - 1);
      return Uint8Array.from(Buffer.from(`${key}=${value}`, "latin1"));
    }),
  );
  return { txs, key, value };
}

const network = await testNetwork({ validators: 1, miners: 0, supervisors: 0, evaluators: 0, blockTime: BLOCK_MS });
try {
  const rpcPort = Number(new URL(network.rpc).port);
  const home = network.facts().validators[0]?.home as string;
  const kvstore = await startKvStore(home, { rpcPort: rpcPort + KVSTORE_PORTS, p2pPort: rpcPort + KVSTORE_PORTS + 1, blockTimeMs: BLOCK_MS });
  try {
    const sides: Record<"ours" | "kvstore", Target> = {
      // transaction 0 of our blocks is the proposer's block data
      ours: { name: "ours", port: rpcPort, ownInBlock: 1 },
      kvstore: { name: "kvstore", port: kvstore.port, ownInBlock: 0 },
    };
    const transfers = await Transfers.open(network.facts(), SENDERS);
    let size = 0;
    const ours = async (): Promise<number> => {
      const txs = transfers.sign(CONNECTIONS, EACH);
      size = median(txs.flat().map((tx) => tx.length));
      const done = await load(sides.ours, txs);
      await transfers.check();
      return done.transactions / done.seconds;
    };
    const theirs = async (r: number): Promise<number> => {
      const like = Array.from({ length: CONNECTIONS }, (_, i) => Array.from({ length: Math.ceil((SENDERS - i) / CONNECTIONS) * EACH }, () => new Uint8Array(size)));
      const { txs, key, value } = pairs(`${r}`, like);
      const done = await load(sides.kvstore, txs);
      if ((await kvstore.get(key)) !== value) throw new Error("bench: the kvstore does not have what was committed");
      return done.transactions / done.seconds;
    };
    // Untimed: shows that both are right, and warms them.
    await ours();
    await theirs(ROUNDS);

    const rates = await takeTurns(ROUNDS, { ours, kvstore: theirs });
    const bench = "transfers";
    const note = `${SENDERS * EACH} transactions of ${size} bytes a round, ${CONNECTIONS} connections, blocks of ${BLOCK_MS} ms`;
    reportRounds({ bench, figure: "bank transfers, one validator", unit: "tx/s", note }, rates.ours);
    reportRounds({ bench, figure: "kvstore, same engine and loader", unit: "tx/s", note }, rates.kvstore);
    report({ bench, figure: "transfers over kvstore", value: round(ratioOf(rates.ours, rates.kvstore), 2), unit: "ratio" });
  } finally {
    await kvstore.stop();
  }
} finally {
  await network.down();
}
