/** The data part of a task file: absolute paths, defaults, and options that do not go with each other refused. */
import { resolve } from "node:path";
import { type DataOptions, type Format } from "../data/options.js";
import { type Places } from "./places.js";
import { type Raw } from "./raw.js";

const TABLES: readonly Format[] = ["csv", "npy", "idx"];

/** Options that say something of some formats only. */
const FORMATS_OF: Readonly<Partial<Record<keyof Raw["data"], readonly Format[]>>> = {
  header: ["csv"],
  separator: ["csv"],
  label: TABLES,
  train_labels: TABLES,
  test_labels: TABLES,
  one_hot: ["csv", "text"],
  window: ["text"],
  stride: ["text"],
};

export function dataOptions(d: Raw["data"], base: string, places: Places): DataOptions {
  const files = (v: string | string[] | undefined) => (v === undefined ? undefined : [v].flat().map((f) => resolve(base, f)));
  for (const [name, formats] of Object.entries(FORMATS_OF)) {
    if (d[name as keyof Raw["data"]] !== undefined && !formats.includes(d.format)) places.fail(["data", name], `is for data of the format ${formats.join(", ")}; this is ${d.format}. Leave it out.`);
  }
  const trainLabels = files(d.train_labels);
  if (d.scale === 0) places.fail(["data", "scale"], "expected a number other than 0, which would erase the data.");
  if (d.scale !== undefined && d.normalise) places.fail(["data", "scale"], "stands beside normalise, which scales the data itself. Leave one of them out.");
  if (d.format === "text" && d.window === undefined) places.fail(["data", "window"], "is missing, want how many characters the model sees at once.");
  if (d.test_rows !== undefined && typeof d.test === "number") places.fail(["data", "test_rows"], "is for a test file; test says already how many rows are held back. Leave it out.");
  if (d.format === "png" && Array.isArray(d.train)) places.fail(["data", "train"], "expected one folder, which has a sub-folder for each class.");
  const columns = d.one_hot !== undefined && oneHot(d.one_hot, d.format, places);
  return {
    train: files(d.train) as string[],
    ...(trainLabels ? { trainLabels } : {}),
    test: typeof d.test === "number" ? d.test : resolve(base, d.test),
    ...(d.test_labels ? { testLabels: resolve(base, d.test_labels) } : {}),
    ...(d.test_rows ? { testRows: d.test_rows } : {}),
    ...(d.validation === undefined ? {} : { validation: d.validation }),
    format: d.format,
    header: d.header ?? false,
    ...(d.separator ? { separator: d.separator } : {}),
    label: d.label ?? -1,
    ...(columns ? { oneHot: columns } : {}),
    scale: d.scale ?? 1,
    ...(d.normalise ? { normalise: d.normalise } : {}),
    ...(d.window ? { window: d.window, stride: d.stride ?? 1 } : {}),
    seed: BigInt(d.seed ?? 1),
  };
}

function oneHot(given: (string | number)[] | boolean, format: Format, places: Places): DataOptions["oneHot"] {
  if (format === "csv" && typeof given === "boolean") places.fail(["data", "one_hot"], `expected a list of columns, by name or number, got ${given}.`);
  if (format === "text" && typeof given !== "boolean") places.fail(["data", "one_hot"], "expected true or false: a text has characters, not columns.");
  return given === false ? undefined : given;
}
