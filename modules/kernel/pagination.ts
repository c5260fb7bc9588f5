/**
 * Pages of a list as the Cosmos SDK's queries answer them: from a key or past an offset, in either direction, at most
 * so many entries. The key of a page is what stands in the store behind the bytes that all keys of the list begin with.
 */
import { PageRequest, type PageResponse } from "#proto/gen/cosmos/base/query/v1beta1/pagination.js";
import { compareBytes, concat, EMPTY } from "./bytes.js";
import { sdk } from "./errors.js";
import type { Leading } from "./keys.js";
import { type Entry, type Layout, prefixEnd, type View } from "./store.js";

/** Entries of a page whose request does not say how many it wants. */
const DEFAULT_LIMIT = 100n;
/** Whoever wants more gets this many, and the key of the next page. */
const MAX_LIMIT = 1000n;

export interface Page<T> {
  readonly items: T[];
  readonly pagination: PageResponse;
}

/** The total is counted where it is asked for, or where no limit is given; never from a key on. */
interface Wanted {
  readonly key: Uint8Array;
  readonly offset: number;
  readonly limit: number;
  readonly total: boolean;
  readonly reverse: boolean;
}

function wantedOf(request: PageRequest | undefined): Wanted {
  const { key, offset, limit, countTotal, reverse } = request ?? PageRequest.create();
  if (key.length > 0 && offset > 0n) throw sdk.invalidRequest("paginate: invalid request, either offset or key is expected, got both");
  const size = limit === 0n ? DEFAULT_LIMIT : limit > MAX_LIMIT ? MAX_LIMIT : limit;
  return { key, offset: Number(offset), limit: Number(size), total: (countTotal || limit === 0n) && key.length === 0, reverse };
}

/** `entries` begin with the first one of the page when it is given by a key. */
function cut<T>(entries: Iterable<T>, keyOf: (entry: T) => Uint8Array, { offset, limit, total }: Wanted, filtered = false): Page<T> {
  const items: T[] = [];
  let nextKey: Uint8Array | undefined;
  let count = 0;
  for (const entry of entries) {
    count++;
    if (count <= offset) continue;
    if (items.length < limit) items.push(entry);
    else {
      nextKey ??= keyOf(entry);
      if (!total) break;
    }
  }
  // An offset behind the end has no total either, as in the SDK; but where a list is filtered what passes is counted anyway.
  return { items, pagination: { nextKey: nextKey ?? EMPTY, total: total && (filtered || offset <= count) ? BigInt(count) : 0n } };
}

/** A page of a map's or set's entries whose keys begin with `prefix`; without one, of all; and of these the ones that `keep` wants. Throws sdk.invalidRequest. */
export function paginate<K extends readonly unknown[], V>(view: View, { layout }: { readonly layout: Layout<K, V> }, request: PageRequest | undefined, prefix?: Leading<K>, keep?: (entry: Entry<K, V>) => boolean): Page<Entry<K, V>> {
  const wanted = wantedOf(request);
  const { key, value } = layout;
  const base = concat(layout.head, key.prefix(view, prefix ?? ([] as never)));
  const from = concat(base, wanted.key);
  const store = view.store(layout.store);
  const end = prefixEnd(base);
  // Backwards a page's key is its last entry's, so the range ends right behind it.
  const entries = !wanted.reverse ? store.iterate(from, end) : store.reverse(base, wanted.key.length > 0 ? concat(from, Uint8Array.of(0)) : end);
  const entryOf = ([k, v]: [Uint8Array, Uint8Array]): Entry<K, V> => ({ key: key.decode(view, k.subarray(layout.head.length)), value: value.decode(v) });
  const { items, pagination } = cut(keep ? kept(entries, (e) => keep(entryOf(e))) : entries, ([k]) => k.slice(base.length), wanted, keep !== undefined);
  return { items: items.map(entryOf), pagination };
}

function* kept<T>(entries: Iterable<T>, keep: (entry: T) => boolean): Generator<T> {
  for (const e of entries) if (keep(e)) yield e;
}

/** A page of a list that is ascending by the keys of its items. Throws sdk.invalidRequest. */
export function paginateList<T>(list: readonly T[], keyOf: (item: T) => Uint8Array, request: PageRequest | undefined): Page<T> {
  const wanted = wantedOf(request);
  const { key, reverse } = wanted;
  const ordered = reverse ? [...list].reverse() : list;
  const first = key.length === 0 ? 0 : ordered.findIndex((item) => compareBytes(keyOf(item), key) * (reverse ? -1 : 1) >= 0);
  return cut(first < 0 ? [] : ordered.slice(first), keyOf, wanted);
}
