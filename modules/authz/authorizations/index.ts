/** The kinds of authorisations that there are, and one as an Any holds it. */
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { Any } from "#proto/gen/google/protobuf/any.js";
import { type Codec, decodeCanonical } from "#proto/wire.js";
import { generic } from "./generic.js";
import type { AuthorizationKind, Outcome, Wanted } from "./kind.js";
import { send } from "./send.js";
import { stake } from "./stake.js";

const ALL = [generic, send, stake] as readonly unknown[] as readonly AuthorizationKind<unknown>[];
const KINDS: ReadonlyMap<string, AuthorizationKind<unknown>> = new Map(ALL.map((k) => [k.codec.typeUrl, k]));

/** For JSON of an Any. */
export const authorizationTypes: readonly Codec<unknown>[] = ALL.map((k) => k.codec);

export interface Authorization {
  /** Throws what is not to be granted. */
  check(): void;
  /** Which messages it is for. */
  messageType(): string;
  /** Throws what it does not allow. */
  accept(ctx: Context, wanted: Wanted): Outcome<Any>;
}

/** Throws sdk.txDecode for what is none. */
export function readAuthorization({ typeUrl, value }: Any): Authorization {
  const kind = KINDS.get(typeUrl);
  if (!kind) throw sdk.txDecode(`no concrete type registered for type URL ${typeUrl.slice(0, 100)} against interface *authz.Authorization`);
  let a: unknown;
  try {
    a = decodeCanonical(kind.codec, value);
  } catch (e) {
    throw sdk.txDecode(`${typeUrl}: ${(e as Error).message}`);
  }
  const fault = kind.unreadable?.(a);
  if (fault) throw sdk.txDecode(`${typeUrl}: ${fault}`);
  return {
    check: () => kind.check(a),
    messageType: () => kind.messageType(a),
    accept(ctx, wanted) {
      const outcome = kind.accept(ctx, a, wanted);
      return typeof outcome === "string" ? outcome : { updated: { typeUrl, value: kind.codec.encode(outcome.updated) } };
    },
  };
}
