/** Waiting for whoever reads what we write. */

/** One wait for all who write to a stream at one time: each listener of its own would soon be too many. */
const waiting = new WeakMap<NodeJS.EventEmitter, Promise<void>>();
const WAKES = ["drain", "close", "error", "end", "finish", "status", "cancelled"] as const;

/** Waits until a stream takes more, or is over. */
export function drained(stream: NodeJS.EventEmitter): Promise<void> {
  const already = waiting.get(stream);
  if (already) return already;
  const wait = new Promise<void>((resolve) => {
    const done = (): void => {
      for (const e of WAKES) stream.off(e, done);
      waiting.delete(stream);
      resolve();
    };
    for (const e of WAKES) stream.on(e, done);
  });
  waiting.set(stream, wait);
  return wait;
}
