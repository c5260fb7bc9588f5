/**
 * Reads of the disk for callers who hold no seat: a few at a time, first come first. Signatures are checked and messages are
 * synced by the same few threads of libuv, so reads that came all at once would stand before both.
 */
export type Gate = <T>(read: () => Promise<T>) => Promise<T>;

export function gate(atOnce: number): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (read) => {
    if (inside >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else inside++;
    try {
      return await read();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else inside--;
    }
  };
}

/** The same values, each read through the gate. */
export async function* gated<T>(through: Gate, values: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await through(() => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
