/** What became of a transaction. */
import { ChainError, type TxResult } from "../chain/types.js";
import { type Context } from "../context.js";

/** `more`: what a person is told beside it. Throws ChainError for one that was refused in its block. */
export function show(context: Context, r: TxResult, more?: () => string): void {
  if (r.code !== 0) throw new ChainError(r.codespace, r.code, r.log);
  context.print(r, () => [`in block ${r.height}, ${r.gasUsed} gas: ${r.hash}`, ...(more ? [more()] : [])].join("\n"));
}
