/** Data files for tests, in a folder that is gone at the end. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface DataFolder {
  readonly dir: string;
  readonly file: (name: string, content: string | Uint8Array) => string;
  readonly remove: () => void;
}

export function dataFolder(): DataFolder {
  const dir = mkdtempSync(join(tmpdir(), "pouwd-test-"));
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  return { dir, file, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0 */
export function npyBytes(values: Float32Array | Float64Array, shape: readonly number[]): Uint8Array {
  const kind = values instanceof Float32Array ? "<f4" : "<f8";
  const text = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }\n`;
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([text.length & 255, text.length >> 8]), Buffer.from(text), new Uint8Array(values.buffer)]);
}

/** Unsigned bytes. */
export function idxBytes(values: readonly number[], shape: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((d) => [0, 0, d >> 8, d & 255]), ...values]);
}
