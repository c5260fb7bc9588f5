/** Genesis transactions of those who begin a chain together, put into its genesis and tried there. */
import { type GenesisDocument, withPart } from "./document.js";
import { type GenTx, readGenTx } from "./gentxs.js";
import { type FirstState, type Program } from "./init-chain.js";
import { program, tried } from "./validate.js";

export interface GenTxFile {
  /** its path, for faults */
  readonly path: string;
  readonly json: unknown;
}

export interface Collected {
  readonly genesis: GenesisDocument;
  readonly transactions: readonly GenTx[];
  readonly first: FirstState;
}

/** Takes the place of those that were collected before. Throws one line that names the file whose transaction cannot be. */
export function collectGenTxs(g: GenesisDocument, files: readonly GenTxFile[], p: Program = program()): Collected {
  if (files.length === 0) throw new Error("there is no transaction to collect: pouwd genesis gentx makes one");
  const place = (i: number): string => files[i]?.path ?? "";
  const transactions = files.map(({ json }, i) => readGenTx(json, p.execution, place(i)));
  const genesis = withPart(g, "genutil", { gen_txs: files.map((f) => f.json) });
  return { genesis, transactions, first: tried(genesis, place, p) };
}

/** ID@HOST:PORT of the others, as config.toml wants its persistent peers. */
export const peersOf = (transactions: readonly GenTx[], ownNodeId: string): string =>
  transactions
    .map((tx) => tx.memo)
    .filter((memo) => /^[0-9a-f]{40}@\S+:\d+$/.test(memo) && !memo.startsWith(`${ownNodeId}@`))
    .sort()
    .join(",");
