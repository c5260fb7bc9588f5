/**
 * What the application itself keeps in the state, in the store `app`: the head, which is the header of the block that a state
 * belongs to, and the version of every module's state.
 */
import { EMPTY } from "#kernel/bytes.js";
import { type HeaderInfo } from "#kernel/context.js";
import { key, lastText } from "#kernel/keys.js";
import { defineStore, record, type View } from "#kernel/store.js";
import { Head as WireHead, ModuleVersion } from "#proto/gen/pouw/v1/head.js";
// `import type`, which leaves no import behind: block-data.ts uses Buffer, and the state machine also runs in a browser.
import type { BlockLimits } from "./limits.js";

export interface Head extends HeaderInfo {
  readonly prefix: string;
  readonly limits: BlockLimits;
}

export const appStore = defineStore("app");

const heads = appStore.item(
  1,
  "the head: the header of the block that this state belongs to, address prefix, and limits of the next block",
  record<WireHead, Head>(
    WireHead,
    (w) => ({
      chainId: w.chainId,
      height: w.height,
      timeNs: w.timeNs,
      timeMs: w.timeNs / 1_000_000n,
      proposer: w.proposer,
      prefix: w.addressPrefix,
      limits: { maxBytes: w.maxBlockBytes, maxGas: w.maxBlockGas },
    }),
    (h) => ({
      chainId: h.chainId,
      height: h.height,
      timeNs: h.timeNs,
      proposer: h.proposer,
      addressPrefix: h.prefix,
      maxBlockBytes: h.limits.maxBytes,
      maxBlockGas: h.limits.maxGas,
    }),
  ),
);

const versions = appStore.map(2, "the version of a module's state, by its name", key(lastText), ModuleVersion);

type Stores = Pick<View, "store">;

/** Undefined before the first block. */
export const readHead = (state: Stores): Head | undefined => heads.get(state as View);
export const writeHead = (state: Stores, head: Head): void => heads.set(state as View, head);

/** Module → version of its state; empty before genesis. */
export const readVersions = (state: View): ReadonlyMap<string, number> => new Map(versions.list(state).map((v) => [v.module, v.version]));
export const writeVersion = (state: View, module: string, version: number): void => versions.set(state, { module, version }, module);

/** The header part alone, as queries see it. */
export const headerOf = ({ chainId, height, timeMs, timeNs, proposer }: HeaderInfo): HeaderInfo => ({ chainId, height, timeMs, timeNs, proposer });

export const NO_PROPOSER = EMPTY;
