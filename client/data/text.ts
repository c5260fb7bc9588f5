/** A text as windows of characters, each with the character that follows it. */
import { type Categories } from "./categories.js";
import { DataFileError } from "./errors.js";
import { type RowSource } from "./source.js";
import { textOf } from "./utf8.js";

export interface TextOptions {
  /** characters that the model sees at once */
  readonly window: number;
  /** characters from the beginning of one window to that of the next */
  readonly stride: number;
}

/** rows of a block */
const BLOCK = 1024;

/** Rows of `window` codes and one target; `vocabulary` is one for all texts of a data set. */
export function openText(path: string, { window, stride }: TextOptions, vocabulary: Categories): RowSource {
  const windows = (held: readonly number[], from: number, rows: number): Float32Array => {
    const out = new Float32Array(rows * (window + 1));
    for (let r = 0; r < rows; r++) for (let c = 0; c <= window; c++) out[r * (window + 1) + c] = held[from + r * stride + c] as number;
    return out;
  };
  return {
    inputs: window,
    targets: 1,
    categories: new Map(Array.from({ length: window + 1 }, (_, c) => [c, vocabulary])),
    place: (row, c) => `${path}: character ${row * stride + c + 1}`,
    async *blocks() {
      let held: number[] = [];
      let skip = 0;
      let rows = 0;
      let line = 1;
      for await (const text of textOf(path)) {
        for (const character of text) {
          const mark = vocabulary.mark(character);
          if (mark === undefined) throw new DataFileError(`${path}:${line}: the character ${JSON.stringify(character)} does not stand in the training text. Leave it out, or add it there`);
          if (character === "\n") line++;
          if (skip > 0) skip--;
          else held.push(mark);
        }
        const fit = Math.floor((held.length - window - 1) / stride) + 1;
        if (fit < 1) continue;
        rows += fit;
        for (let first = 0; first < fit; first += BLOCK) yield windows(held, first * stride, Math.min(BLOCK, fit - first));
        skip = Math.max(0, fit * stride - held.length);
        held = held.slice(fit * stride);
      }
      if (rows === 0) throw new DataFileError(`${path}: has no ${window + 1} characters, which the first window and its target take. Give a longer text or a smaller data.window`);
    },
  };
}
