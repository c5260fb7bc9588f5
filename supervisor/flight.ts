/** What comes in parts and is wanted by several: asked for once, and handed on as it comes to each of them from its beginning. */
export class Flight<T> {
  readonly #parts: T[] = [];
  #over = false;
  #error: Error | undefined;
  #waiting: (() => void)[] = [];
  /** Resolves when nothing more will come. */
  readonly over: Promise<void>;

  constructor(fly: (push: (part: T) => void) => Promise<void>) {
    const push = (part: T): void => {
      this.#parts.push(part);
      this.#wake();
    };
    this.over = fly(push)
      .catch((e: Error) => {
        this.#error = e;
      })
      .then(() => {
        this.#over = true;
        this.#wake();
      });
  }

  get failed(): boolean {
    return this.#error !== undefined;
  }

  async *parts(): AsyncGenerator<T> {
    for (let i = 0; ; i++) {
      while (i >= this.#parts.length) {
        if (this.#error) throw this.#error;
        if (this.#over) return;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      yield this.#parts[i] as T;
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
