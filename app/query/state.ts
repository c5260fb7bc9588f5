/** The state of a height, as queries read it. */
import { type QueryContext } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { makeEnvironment } from "#kernel/environment.js";
import { headerOf, readHead } from "../block/head.js";
import { type Chain } from "../chain.js";
import { viewOf } from "../tx/context.js";
import { Budget, charged, type QueryLimits } from "./budget.js";

/** State and header of a committed height; the newest one for 0. Throws sdk.invalidHeight for what is not there. `limits`: of what is read. */
export function contextAt(chain: Chain, wanted: bigint, limits?: QueryLimits): QueryContext {
  const { store } = chain;
  if (!chain.head || store.version === 0n) throw sdk.invalidHeight("the chain has no block yet; ask again");
  if (wanted < 0n) throw sdk.invalidRequest("cannot query with height < 0; please provide a valid height");
  const height = wanted === 0n ? store.version : wanted;
  if (height > store.version) throw sdk.invalidHeight(`cannot query with height in the future; please provide a valid height: ${height}, newest ${store.version}`);
  // A state of older versions is read as its migrations leave it; heights before it only as far as this program can.
  const stores = height === store.version && chain.ahead ? chain.ahead : store.at(height);
  const head = stores && readHead(stores);
  if (!stores || !head) throw sdk.invalidHeight(`height ${height} is pruned: this node keeps the last blocks only`);
  const environment = head.prefix === chain.environment.addresses.prefix ? chain.environment : makeEnvironment(chain.crypto, head.prefix);
  return { ...viewOf(environment, limits ? charged(stores, new Budget(limits)) : stores), block: headerOf(head) };
}
