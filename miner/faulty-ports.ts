/** The miner's ports with a fault in them (faults.ts): what it computes, sends and answers is not what it should be. */
import type { Bus, Link, LinkOptions, StoredMessage } from "#bus/index.js";
import { querySeatsOf } from "#client/chain/task-view.js";
import { type Chain } from "#client/chain/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import { sessionKey } from "#platform/keys.js";
import { startThread } from "#platform/thread.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { headSignBytes } from "#protocol/log/header.js";
import { type MinerPorts, overThread } from "./daemon.js";
import { type Fault, type Forked, seesFork } from "./faults.js";
import { type ComputeSetup, type ComputeThread, type FromCompute } from "./protocol.js";

export interface FaultyOptions {
  readonly fault: Fault;
  readonly home: string;
  readonly chain: Chain;
  readonly bus: Bus;
}

/** Faults of the compute thread run in a worker of their own; what is withheld or forked is so at the links. */
export function faultyPorts({ fault, home, chain, bus }: FaultyOptions): Pick<MinerPorts, "bus" | "startCompute"> {
  /** by task, slot and seq: the other side of a fork, signed */
  const forks = new Map<string, Uint8Array>();
  const shape = new Map<bigint, { slots: number; supervisors: number }>();

  const startCompute = (setup: ComputeSetup, receive: (m: FromCompute) => void): ComputeThread => {
    const { id, spec } = setup.task;
    shape.set(id, spec);
    return overThread(startThread(import.meta.url, "./faulty-worker", setup, { POUWD_TEST_BUILD: "1", POUWD_FAULT: fault }), (m) => {
      const { second } = m as Forked;
      if (m.kind === "iterated" && second) {
        const signed = headSignBytes(nodeCrypto, { chainId: setup.chainId, taskId: id, slot: m.slot, seq: m.seq, headerHash: nodeCrypto.sha256(second.header) });
        forks.set(`${id}/${m.slot}/${m.seq}`, Iteration.encode({ ...second, signature: sessionKey(home, id).sign(signed) }));
      }
      receive(m);
    });
  };

  async function* forked(o: LinkOptions, messages: AsyncIterable<StoredMessage>): AsyncGenerator<StoredMessage> {
    const hub = (await querySeatsOf(chain, o.taskId)).find((s) => s.role === Role.ROLE_SUPERVISOR && s.worker === o.supervisor)?.index ?? 0;
    for await (const m of messages) {
      const other = forks.get(`${o.taskId}/${m.slot}/${m.seq}`);
      const { slots, supervisors } = shape.get(o.taskId) ?? { slots: 1, supervisors: 1 };
      yield other && seesFork(hub, m.slot, slots, supervisors) ? { ...m, bytes: other } : m;
    }
  }

  const link = (o: LinkOptions, subscribe: boolean): Link => {
    const real: LinkOptions = { ...o };
    if (fault === "equivocate" && o.outgoing) Object.assign(real, { outgoing: (clock: readonly bigint[], signal: AbortSignal) => forked(o, o.outgoing?.(clock, signal) ?? nothing()) });
    if (fault === "withhold-residual") Object.assign(real, { evidence: (r: Parameters<NonNullable<LinkOptions["evidence"]>>[0]) => (r.residual || r.peers ? nothing() : (o.evidence?.(r) ?? nothing())) });
    const made = bus.link(real, subscribe);
    return fault === "withhold-residual" ? Object.assign(Object.create(made) as Link, { pushResidual: () => false }) : made;
  };

  return { bus: { serve: (options, listen) => bus.serve(options, listen), link }, startCompute };
}

async function* nothing(): AsyncGenerator<never> {
  // what is withheld
}
