/** Runs every call of the clients against both networks at one time, and compares what they answer. */
import type { Face } from "#test/compat/sdk/genesis.js";
import { ALLOWED } from "./allowed.js";
import { answerOf, callsFor, type Memory } from "./calls.js";
import { connect, methodsOf } from "./clients.js";
import { Comparison } from "./compare.js";
import { startNetworks } from "./networks.js";

export interface Compared {
  readonly comparison: Comparison;
  /** methods of the clients that nothing called */
  readonly missed: readonly string[];
}

/** `cometbft`: path of the engine's binary. */
export async function compareClients(face: Face, cometbft: string, said?: (call: string) => void): Promise<Compared> {
  const networks = await startNetworks(face, cometbft);
  try {
    const called = new Set<string>();
    const sides = await Promise.all([networks.sdk, networks.ours].map(async (rpc) => ({ clients: await connect(rpc, networks.setting, (m) => called.add(m)), memory: { rpc, hash: "", height: 0, signed: new Uint8Array(0) } satisfies Memory })));
    const [sdk, ours] = sides as [(typeof sides)[0], (typeof sides)[0]];
    const comparison = new Comparison(ALLOWED);
    for (const call of callsFor(networks.setting)) {
      const [a, b] = await Promise.all([answerOf(call, sdk.clients, sdk.memory), answerOf(call, ours.clients, ours.memory)]);
      comparison.answers(call.name, a, b);
      said?.(call.name);
    }
    const missed = methodsOf(sdk.clients).filter((m) => !called.has(m));
    for (const { clients } of sides) clients.disconnect();
    return { comparison, missed };
  } finally {
    await networks.stop();
  }
}
