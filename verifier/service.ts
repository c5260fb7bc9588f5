/** The Verifier service: a session for each node that opens a stream, a few at one time. */
import { exhausted, MAX_RECEIVE, service, type Service } from "#net/index.js";
import { asServiceError } from "#net/service.js";
import { VerifierService, type VerifyAnswer, type VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { Session, type SessionOptions } from "./session.js";

/** Nodes that one verifier serves at one time: a validator's own, and one that is being replaced. */
const MAX_NODES = 4;
/** How long one stream of a node lasts: it dials again. */
const WEEK_MS = 7 * 24 * 3_600_000;

export interface Serving {
  readonly service: Service;
  close(): Promise<void>;
}

/** `memory`: for engines and logs of all nodes' tasks, bytes. */
export function verifierService({ memory, ...options }: Omit<SessionOptions, "send" | "memory"> & { readonly memory: number }): Serving {
  const sessions = new Set<Session>();
  const verifier = service(
    VerifierService,
    {
      verify(stream, call) {
        if (sessions.size >= MAX_NODES) return void stream.emit("error", asServiceError(exhausted(`this verifier serves ${MAX_NODES} nodes already`)));
        // what only says how far a job is waits for nobody who does not read
        const send = (answer: VerifyAnswer): void => void ((answer.progress && stream.writableNeedDrain) || stream.write(answer));
        const session = new Session({ ...options, send, memory: memory / MAX_NODES });
        sessions.add(session);
        const over = (): void => {
          if (sessions.delete(session)) void session.close();
        };
        stream.on("data", (request: VerifyRequest) => session.receive(request));
        stream.on("end", () => (over(), stream.end()));
        for (const e of ["error", "close", "cancelled"]) stream.on(e, over);
        call.signal.addEventListener("abort", over, { once: true });
      },
    },
    { verify: { message: MAX_RECEIVE, lastsMs: WEEK_MS } },
  );
  return { service: verifier, close: async () => void (await Promise.all([...sessions].map((s) => s.close()))) };
}
