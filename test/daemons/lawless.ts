/** A supervisor that keeps no rule: what a seat sends it, it shows to those who read its hub, and to nobody else. It anchors nothing. */
import { randomBytes } from "node:crypto";
import { GrpcBus, type ServedHub, type StoredMessage } from "#bus/index.js";
import { LogClient, notFound, service, type Service } from "#net/index.js";
import { systemTimers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { LogService } from "#proto/gen/pouw/v1/services.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Network } from "./bench.js";

export interface Lawless {
  readonly served: ServedHub;
  /** "slot/seq" of what it was sent */
  readonly relayed: ReadonlySet<string>;
  /** "slot/seq" of the forged messages that it gave to those who lacked them */
  readonly forged: ReadonlySet<string>;
}

/** In the place of supervisor `name`, which is stopped; with `forge` it answers who lacks a message with one that links and is not signed. */
export async function lawless(net: Network, name: string, { forge = false } = {}): Promise<Lawless> {
  const endpoint = net.endpoints.get(name) as string;
  const messages: StoredMessage[] = [];
  const bySeq = new Map<string, Iteration>();
  const relayed = new Set<string>();
  const forged = new Set<string>();
  const seen = new Set<string>();
  let wake: () => void = () => {};
  const take = (m: Iteration): void => {
    const { slot, seq } = Header.decode(m.header);
    const key = `${slot}/${seq}/${Buffer.from(m.signature).toString("hex")}`;
    if (seen.has(key)) return;
    seen.add(key);
    messages.push({ slot, seq, bytes: Iteration.encode(m) });
    bySeq.set(`${slot}/${seq}`, m);
    relayed.add(`${slot}/${seq}`);
    wake();
  };
  const honest = [...net.endpoints].find(([who]) => who !== name)?.[1] as string;
  const before = new LogClient({ endpoints: [honest], allowPrivate: true });
  for await (const m of before.stream(net.task.id, [])) take(m);
  before.close();
  const nothing = (): never => {
    throw notFound("nothing is here");
  };
  const log: Service = service(LogService, {
    // oxlint-disable-next-line require-yield
    stream: async function* () {
      nothing();
    },
    header: async () => nothing(),
    // oxlint-disable-next-line require-yield
    descend: async function* () {
      nothing();
    },
    async *range({ slot, first }) {
      const m = bySeq.get(`${slot}/${first}`) ?? nothing();
      forged.add(`${slot}/${first}`);
      yield { ...m, header: Header.encode({ ...Header.decode(m.header), loss: 1 }), signature: new Uint8Array(64) };
    },
  });
  const served = await new GrpcBus({ allowPrivate: true, ...(forge ? { services: [log] } : {}) }).serve(
    {
      chainId: net.chain.chainId,
      address: net.address(name),
      crypto: nodeCrypto,
      timers: systemTimers,
      random: (n) => new Uint8Array(randomBytes(n)),
      seat: async (_task, role, index) => {
        // those who would pass on what is hidden are not let in
        if (forge && role === Role.ROLE_SUPERVISOR) return undefined;
        const s = net.seats.find((x) => x.role === role && x.index === index);
        return s && { worker: s.worker, sessionKey: s.sessionKey };
      },
      sizes: () => ({ residual: 67 * 4, message: 1 << 20 }),
      clock: async () => net.slots.map(({ slot }) => BigInt(messages.filter((m) => m.slot === slot).length)),
      iteration: async (_peer, m) => take(m),
      residual: async () => {},
      async *follow(_task, clock, signal) {
        for (let i = 0; !signal.aborted; ) {
          const m = messages[i];
          if (!m) {
            await Promise.race([new Promise<void>((resolve) => (wake = resolve)), new Promise((resolve) => setTimeout(resolve, 50))]);
            continue;
          }
          i++;
          if (m.seq > (clock[m.slot] ?? 0n)) yield m;
        }
      },
    },
    endpoint,
  );
  return { served, relayed, forged };
}
