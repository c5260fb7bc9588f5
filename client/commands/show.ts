/** What became of a transaction. */
import { type Chain, ChainError, type TxResult } from "../chain/types.js";
import { type Context } from "../context.js";
import { proposed } from "./proposed.js";

/** What was paid for it, such as 60upouw; undefined where nothing was. */
export const feeOf = ({ events }: Pick<TxResult, "events">): string | undefined => events.find((e) => e.type === "tx")?.attributes.find((a) => a.key === "fee")?.value || undefined;

/** Where a transaction is, and what it used: `in block 5, 61000 gas, fee 152upouw`. */
export function placeOf(r: TxResult): string {
  const fee = feeOf(r);
  return `in block ${r.height}, ${r.gasUsed} gas${fee === undefined ? "" : `, fee ${fee}`}`;
}

/** `more`: what a person is told beside it. Throws ChainError for one that was refused in its block. */
export function show(context: Context, r: TxResult, more?: () => string, facts: object = {}): void {
  if (r.code !== 0) throw new ChainError(r.codespace, r.code, r.log);
  context.print({ ...r, fee: feeOf(r) ?? "", ...facts }, () => [`${placeOf(r)}: ${r.hash}`, ...(more ? [more()] : [])].join("\n"));
}

/** The same of one whose messages a person named; proposals that it made are told with what comes next. */
export async function showOn(chain: Chain, context: Context, r: TxResult): Promise<void> {
  const { ids, text } = await proposed(chain, r);
  show(context, r, ids.length > 0 ? () => text : undefined, ids.length > 0 ? { proposals: ids } : {});
}
