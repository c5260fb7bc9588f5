/** A simulation as JSON, which is how /app/simulate answers. */
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { utf8 } from "#kernel/bytes.js";
import { ModuleError } from "#kernel/errors.js";
import { codecs } from "#proto/gen/registry.js";
import { base64, toJson } from "#proto/json.js";
import { type Codec } from "#proto/wire.js";
import { eventsOf } from "../block/events.js";
import { type TxOutcome } from "../tx/execute.js";

type Simulate = (tx: Uint8Array) => TxOutcome;

const byTypeUrl = new Map<string, Codec<unknown>>(codecs.map((c) => [c.typeUrl, c]));

/** A failure keeps its own code here. */
export function simulateJson(simulate: Simulate, tx: Uint8Array): Uint8Array {
  const o = simulate(tx);
  if (o.code !== 0) throw new ModuleError(o.codespace, o.code, `failed to simulate tx: ${o.log}`);
  const responses = TxMsgData.decode(o.data).msgResponses.map(({ typeUrl, value }) => {
    const codec = byTypeUrl.get(typeUrl);
    return { "@type": typeUrl, ...(codec ? (toJson(codec, codec.decode(value)) as object) : {}) };
  });
  return utf8(
    JSON.stringify({
      gas_info: { gas_wanted: `${o.gasWanted}`, gas_used: `${o.gasUsed}` },
      result: { data: base64(o.data), log: "", events: eventsOf(o.events, false), msg_responses: responses },
    }),
  );
}
