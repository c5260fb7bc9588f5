/** What the thread that makes blocks and the one that answers questions tell each other. */
import { type Batch, type Change } from "../../store/index.js";
import { type AppConfig } from "../../config.js";

/** What the thread begins with. */
export interface ThreadData {
  readonly home: string;
  readonly config: AppConfig;
}

/** A query as ABCI has it. */
export interface Question {
  readonly id: number;
  readonly path: string;
  readonly data: Uint8Array;
  readonly height: bigint;
}

export type ToThread =
  /** a part of all that is there; `whole` with the first one after which nothing is missing */
  | { readonly type: "rows"; readonly batch: Batch; readonly whole: boolean }
  /** what transactions wrote that the mempool let in, in order */
  | { readonly type: "checked"; readonly changes: readonly ReadonlyMap<string, readonly Change[]>[] }
  | ({ readonly type: "ask" } & Question)
  | { readonly type: "close" };

export type FromThread =
  /** it answers from here on, at these addresses */
  | { readonly type: "ready"; readonly rest: string | undefined; readonly grpc: string | undefined }
  /** it cannot go on as it is configured */
  | { readonly type: "fault"; readonly message: string }
  /** a ResponseQuery's bytes */
  | { readonly type: "answer"; readonly id: number; readonly response: Uint8Array };
