/** Places in a YAML task file: every fault is told as `file:line:column task.field: …`. */
import { isMap, isScalar, isSeq, LineCounter, type Document, type Node } from "yaml";
import { CliError } from "../cli-error.js";

export class TaskFileError extends CliError {
  override readonly name = "TaskFileError";
  constructor(message: string) {
    super("task_file", message);
  }
}

export type FieldPath = readonly (string | number)[];

export interface Places {
  /** `file:line:column task.field: text`; the nearest place that is in the file stands for one that is not */
  readonly tell: (field: FieldPath, text: string) => string;
  readonly fail: (field: FieldPath, text: string) => never;
}

export function placesOf(doc: Document, lines: LineCounter, file: string): Places {
  const tell = (field: FieldPath, text: string): string => {
    const { line, col } = lines.linePos(offsetOf(doc, field));
    return `${file}:${line}:${col} ${fieldName(field)}: ${text}`;
  };
  return {
    tell,
    fail: (field, text) => {
      throw new TaskFileError(tell(field, text));
    },
  };
}

/** `task.optimizer.sgd.schedule[0].lr` */
export const fieldName = (field: FieldPath): string => field.reduce<string>((s, p) => (typeof p === "number" ? `${s}[${p}]` : `${s}.${p}`), "task");

function offsetOf(doc: Document, field: FieldPath): number {
  let node: unknown = doc.contents;
  let at = (node as Node | null)?.range?.[0] ?? 0;
  for (const step of field) {
    if (isSeq(node)) node = typeof step === "number" ? node.items[step] : undefined;
    else if (isMap(node)) {
      const pair = node.items.find((p) => isScalar(p.key) && String(p.key.value) === String(step));
      // a field without a value has none to point at: its name stands for it
      node = pair?.value ?? pair?.key;
    } else break;
    const range = (node as Node | undefined)?.range;
    if (!range) break;
    at = range[0];
  }
  return at;
}
