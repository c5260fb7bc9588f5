/** The two forms in which a simulation is answered: protobuf over gRPC, JSON at /app/simulate. */
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { Tx, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { concat, utf8 } from "#kernel/bytes.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { codecs } from "#proto/gen/registry.js";
import { base64, toJson } from "#proto/json.js";
import { type Codec } from "#proto/wire.js";
import { eventsOf } from "../block/events.js";
import { type TxOutcome } from "../tx/execute.js";
import { simulationError } from "./errors.js";

type Simulate = (tx: Uint8Array) => TxOutcome;

const byTypeUrl = new Map<string, Codec<unknown>>(codecs.map((c) => [c.typeUrl, c]));

export function simulateGrpc(simulate: Simulate, request: Uint8Array): Uint8Array {
  const { txBytes, tx } = SimulateRequest.decode(request);
  const o = simulate(txBytes.length > 0 ? txBytes : rawOf(tx));
  if (o.code !== 0) throw simulationError(o.log, o.gasUsed);
  const { msgResponses } = TxMsgData.decode(o.data);
  return SimulateResponse.encode(
    SimulateResponse.fromPartial({ gasInfo: { gasWanted: o.gasWanted, gasUsed: o.gasUsed }, result: { data: o.data, log: "", events: eventsOf(o.events, false), msgResponses } }),
  ).finish();
}

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

function rawOf(tx: Tx | undefined): Uint8Array {
  if (!tx) throw sdk.invalidRequest("empty txBytes is not allowed");
  const encoded = Tx.encode(tx).finish();
  const { signatures } = tx;
  // Tx and TxRaw have the same wire format.
  return signatures.length > 0 ? TxRaw.encode(TxRaw.decode(encoded)).finish() : concat(encoded);
}
