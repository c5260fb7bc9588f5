import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { openTestSet } from "#platform/seal.js";
import { batchesOfSegment, decodeSegment } from "#protocol/tasks/data.js";
import { Categories } from "./categories.js";
import { DataFileError } from "./errors.js";
import { type DataOptions } from "./options.js";
import { prepareData } from "./prepare.js";
import { dataFolder } from "./testing.js";
import { openText } from "./text.js";

const { file, remove } = dataFolder();
test.after.always(remove);

/** The windows as text. */
async function windows(text: string, window: number, stride: number): Promise<string[]> {
  const vocabulary = new Categories();
  const rows: number[][] = [];
  for await (const block of openText(file(`windows-${window}-${stride}-${text.length}.txt`, text), { window, stride }, vocabulary).blocks()) {
    for (let at = 0; at < block.length; at += window + 1) rows.push([...block.subarray(at, at + window + 1)]);
  }
  vocabulary.close();
  const characters = vocabulary.values();
  return rows.map((row) => row.map((mark) => characters[vocabulary.code(mark)]).join(""));
}

test("a text becomes windows and the characters that follow them", async (t) => {
  t.deepEqual(await windows("abcdef", 2, 1), ["abc", "bcd", "cde", "def"]);
  t.deepEqual(await windows("abcdefgh", 2, 3), ["abc", "def"]);
  t.deepEqual(await windows("abcdefghi", 1, 4), ["ab", "ef"]);
  t.deepEqual(await windows("a\u{1F600}b\né", 2, 1), ["a\u{1F600}b", "\u{1F600}b\n", "b\né"], "characters, not bytes or halves of a pair");
});

test("windows do not depend on where the file is cut into chunks", async (t) => {
  const text = Array.from({ length: 300_000 }, (_, i) => "abcdé \n"[(i * i + (i >> 3)) % 7]).join("");
  for (const [window, stride] of [[5, 3], [3, 70_000], [2, 290_000]] as const) {
    const want: string[] = [];
    for (let at = 0; at + window < text.length; at += stride) want.push(text.slice(at, at + window + 1));
    t.true((await windows(text, window, stride)).every((w, i) => w === want[i]));
    t.is((await windows(text, window, stride)).length, want.length);
  }
});

const text = file("verse.txt", "the cat sat on the mat\n".repeat(8));
// \n and space before letters
const VOCABULARY = "\n acehmnost".split("");
const options: DataOptions = { train: [text], test: 20, format: "text", header: false, label: -1, scale: 1, window: 4, stride: 1, seed: 1n };
const shape = { inputSize: 4, targetSize: 0, classes: VOCABULARY.length };
const task = { name: "verse", inputShape: [4], targetShape: [], batchSize: 10 };

test("codes are the places of characters in the sorted vocabulary, and the end of the text is held back", async (t) => {
  const data = await prepareData({ ...options, validation: 15 }, shape, task);
  t.deepEqual(data.vocabulary, VOCABULARY);
  const read = (x: ArrayLike<number>, y: ArrayLike<number>) => Array.from({ length: y.length }, (_, r) => [...Array.from({ length: 4 }, (_c, c) => x[4 * r + c] as number), y[r] as number].map((code) => VOCABULARY[code]).join(""));
  const whole = "the cat sat on the mat\n".repeat(8);
  const all = Array.from({ length: whole.length - 4 }, (_, i) => whole.slice(i, i + 5));
  const tested = decodeSegment(shape, openTestSet(data.test.sealed, data.test.key, data.packed.manifestCid));
  t.deepEqual(read(tested.x, tested.y), all.slice(-20));
  const held = data.validation?.read(0, 15);
  t.deepEqual(read(held?.x ?? [], held?.y ?? []), all.slice(-35, -20));
  const trained = data.packed.segments.flatMap((s, i) => batchesOfSegment(nodeCrypto, data.packed.manifest, shape, i, s.read())).flatMap((b) => read(b.x, b.y));
  t.is(trained.length, 140);
  t.notDeepEqual(trained, all.slice(0, 140), "shuffled");
  const left = new Map<string, number>();
  for (const w of all.slice(0, -35)) left.set(w, (left.get(w) ?? 0) + 1);
  t.true(trained.every((w) => left.set(w, (left.get(w) ?? 0) - 1).get(w)! >= 0));
  data.close();
});

test("with one_hot every character is as many inputs as there are characters", async (t) => {
  const n = VOCABULARY.length;
  const wide = { ...shape, inputSize: 4 * n };
  const data = await prepareData({ ...options, oneHot: true }, wide, { ...task, inputShape: [4 * n] });
  const { x, y } = decodeSegment(wide, openTestSet(data.test.sealed, data.test.key, data.packed.manifestCid));
  const codes = Array.from({ length: 4 }, (_, c) => x.subarray(c * n, (c + 1) * n).indexOf(1));
  t.is(x.reduce((a, b) => a + b, 0), 20 * 4);
  t.is([...codes, y[0] as number].map((code) => VOCABULARY[code]).join(""), "the cat sat on the mat\n".repeat(8).slice(-24, -19));
  data.close();
});

test("a text of too few or too many characters, and one that is not UTF-8, are refused", async (t) => {
  const refused = async (changes: Partial<DataOptions>, s = shape) => (await t.throwsAsync(prepareData({ ...options, ...changes }, s, task), { instanceOf: DataFileError }))?.message ?? "";
  t.regex(await refused({}, { ...shape, classes: 8 }), /verse\.txt: the text has 11 different characters, the model's last layer has 8 units\. Give it 11 or more/);
  t.regex(await refused({ window: 5 }), /5 characters are 5 inputs, the model wants 4/);
  t.regex(await refused({ oneHot: true }), /4 characters are 44 inputs, since the text has 11 different characters, the model wants 4/);
  t.regex(await refused({ train: [file("short.txt", "the ")] }), /short\.txt: has no 5 characters/);
  t.regex(await refused({ train: [file("latin.txt", Uint8Array.of(0x65, 0xe9, 0x20, 0x65, 0x65, 0x65))] }), /latin\.txt:1: is not UTF-8 text\. Convert it/);
  t.regex(await refused({ test: file("other.txt", "the cat\nate xylo") }), /other\.txt:2: the character "x" does not stand in the training text/);
});
