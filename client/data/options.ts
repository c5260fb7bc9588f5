/** What a task file says of its data, with absolute paths. */
import { type Normalise } from "./encode.js";
import { type Separator } from "./separators.js";

export const FORMATS = ["csv", "npy", "idx", "png", "text"] as const;
export type Format = (typeof FORMATS)[number];

export interface DataOptions {
  /** absolute paths; several are read one behind the other */
  readonly train: readonly string[];
  /** labels beside the inputs, for csv, npy and idx */
  readonly trainLabels?: readonly string[];
  /** a file or folder of its own, or how many rows are held back */
  readonly test: string | number;
  readonly testLabels?: string;
  /** how many rows of the test file, drawn by the seed; default: all */
  readonly testRows?: number;
  /** rows held back that never leave this machine; then every batch that does is trained on */
  readonly validation?: number;
  readonly format: Format;
  readonly header: boolean;
  /** between the columns of a csv; commas without it */
  readonly separator?: Separator;
  /** which column of a table holds the label or the first target, by name or number; negative counts from the end */
  readonly label: number | string;
  /** the columns of a csv that hold categories, by name or number; true: the characters of a text */
  readonly oneHot?: readonly (string | number)[] | true;
  readonly scale: number;
  readonly normalise?: Normalise;
  /** of a text: characters that the model sees at once, and from one window to the next */
  readonly window?: number;
  readonly stride?: number;
  readonly seed: bigint;
}
