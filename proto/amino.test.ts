/** Amino JSON of messages that hold messages of any type, held against what the Cosmos SDK's own encoder wrote (test/vectors/amino.json). */
import { readFileSync } from "node:fs";
import test from "ava";
import { aminoJson, aminoNameOf } from "./amino.js";
import { codecs } from "./gen/registry.js";
import { decodeCanonical } from "./wire.js";

interface Vector {
  readonly type_url: string;
  readonly hex: string;
  readonly amino: unknown;
}
const { messages } = JSON.parse(readFileSync(new URL("../test/vectors/amino.json", import.meta.url), "utf8")) as { messages: readonly Vector[] };

/** Go's newer encoder writes fields that exclude each other behind all others, which no chain takes as canonical. */
function canonical<T>(message: T): T {
  if (Array.isArray(message)) return message.map(canonical) as T;
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return message;
  const { typeUrl, value } = message as { typeUrl?: string; value?: unknown };
  const codec = value instanceof Uint8Array ? codecs.find((c) => c.typeUrl === typeUrl) : undefined;
  if (codec) return { typeUrl, value: codec.encode(canonical(codec.decode(value as Uint8Array))) } as T;
  return Object.fromEntries(Object.entries(message).map(([k, v]) => [k, canonical(v)])) as T;
}

for (const [i, { type_url: typeUrl, hex, amino }] of messages.entries()) {
  test(`${i}: ${typeUrl} has the SDK's amino JSON`, (t) => {
    const codec = codecs.find((c) => c.typeUrl === typeUrl);
    if (!codec) throw new Error(`there is no ${typeUrl}`);
    const message = decodeCanonical(codec, Uint8Array.from(Buffer.from(hex, "hex")));
    t.deepEqual({ type: aminoNameOf(codec), value: aminoJson(codec, canonical(message)) }, amino as never);
  });
}

test("an Any of a type that nobody knows has none", (t) => {
  const exec = codecs.find((c) => c.typeUrl === "/cosmos.authz.v1beta1.MsgExec");
  if (!exec) throw new Error("there is no MsgExec");
  t.throws(() => aminoJson(exec, { grantee: "a", msgs: [{ typeUrl: "/none.Msg", value: new Uint8Array(0) }] }), { message: "/none.Msg has no amino JSON" });
});
