/** What must hold of grants after every block. */
import type { Invariants } from "#kernel/module.js";
import { nanosecondsOf } from "#kernel/time.js";
import { readAuthorization } from "./authorizations/index.js";
import { grants, queue } from "./store.js";

export const authzInvariants: Invariants = {
  /** A grant stands at the type of messages that it is for. */
  types(ctx) {
    for (const { key: [granter, grantee, typeUrl], value: { authorization } } of grants.entries(ctx)) {
      const own = authorization && readAuthorization(authorization).messageType();
      if (own !== typeUrl) return `${granter} allows ${own ?? "nothing"} to ${grantee} where ${typeUrl} stands`;
    }
    return undefined;
  },
  /** What ends stands in the queue, once, and nothing else does. */
  queue(ctx) {
    const name = (ns: bigint, granter: string, grantee: string, typeUrl: string): string => `${ns} ${granter} ${grantee} ${typeUrl}`;
    const queued = queue.entries(ctx).flatMap(({ key: [ns, granter, grantee], value }) => value.msgTypeUrls.map((typeUrl) => name(ns, granter, grantee, typeUrl)));
    const ending = new Set(grants.entries(ctx).flatMap(({ key: [granter, grantee, typeUrl], value: { expiration } }) => (expiration ? [name(nanosecondsOf(expiration), granter, grantee, typeUrl)] : [])));
    const stray = queued.find((q) => !ending.has(q));
    if (stray !== undefined) return `the queue has ${stray}, which no grant is`;
    return queued.length === ending.size ? undefined : `${ending.size} grants end, ${queued.length} stand in the queue`;
  },
};
