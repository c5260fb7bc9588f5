import "#platform/install.js";
import test from "ava";
import { join } from "node:path";
import { PNG } from "pngjs";
import { type RowShape } from "#protocol/tasks/data.js";
import { openTestSet } from "#platform/seal.js";
import { decodeSegment } from "#protocol/tasks/data.js";
import { DataFileError } from "./errors.js";
import { type DataOptions } from "./options.js";
import { openPngFolder } from "./png.js";
import { prepareData } from "./prepare.js";
import { dataFolder } from "./testing.js";

const { dir, file, remove } = dataFolder();
test.after.always(remove);

type Colour = readonly [number, number, number];
/** 2 rows of 3 pixels, written as grey or as colours. */
function image(name: string, colours: readonly Colour[], width = 3, grey = false): string {
  const png = new PNG({ width, height: colours.length / width });
  colours.forEach(([r, g, b], i) => png.data.set([r, g, b, 255], 4 * i));
  return file(name, PNG.sync.write(png, { colorType: grey ? 0 : 2 }));
}
const plain = (v: number): Colour[] => Array.from({ length: 6 }, (_, i): Colour => [v + i, v + i, v + i]);

async function rows(folder: string, inputShape: number[], classes = ["cat", "dog"]): Promise<number[][]> {
  const out: number[][] = [];
  for await (const row of openPngFolder(folder, classes, inputShape).blocks()) out.push([...row]);
  return out;
}

test("one sub-folder is one class, names in sorted order, and grey images give one number a pixel", async (t) => {
  image("grey/dog/b.png", plain(40), 3, true);
  image("grey/dog/a.PNG", plain(30));
  image("grey/cat/1.png", plain(10));
  file("grey/cat/notes.txt", "not an image");
  file("grey/.hidden/x", "");
  const want = [[10, 0], [30, 1], [40, 1]].map(([v, label]) => [...Array.from({ length: 6 }, (_, i) => (v as number) + i), label]);
  t.deepEqual(await rows(join(dir, "grey"), [2, 3, 1]), want);
  t.deepEqual(await rows(join(dir, "grey"), [2, 3]), want);
  t.deepEqual(await rows(join(dir, "grey"), [6]), want, "a flat input takes the size of the first image");
});

test("the model's channels choose colours or grey", async (t) => {
  const colours: Colour[] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30], [0, 0, 0], [255, 255, 255]];
  image("colour/cat/1.png", colours);
  t.deepEqual((await rows(join(dir, "colour"), [2, 3, 3]))[0]?.slice(0, 18), colours.flat());
  t.deepEqual((await rows(join(dir, "colour"), [18]))[0]?.slice(0, 18), colours.flat());
  t.deepEqual((await rows(join(dir, "colour"), [2, 3, 1]))[0]?.slice(0, 6), [76, 150, 29, 18, 0, 255]);
});

test("an image that does not fit, that is none or that is cut off is named with its file", async (t) => {
  image("sizes/cat/1.png", plain(1));
  const odd = image("sizes/cat/2.png", plain(1), 2);
  const shape = await t.throwsAsync(rows(join(dir, "sizes"), [2, 3, 1]), { instanceOf: DataFileError });
  t.true(shape?.message.startsWith(`${odd}: has 3 rows of 2 pixels, the model wants [2, 3, 1]`), shape?.message);
  await t.throwsAsync(rows(join(dir, "sizes"), [7]), { message: /1\.png: has 2 rows of 3 pixels, the model wants \[7\]/ });
  await t.throwsAsync(rows(join(dir, "sizes"), [2, 3, 2]), { message: /rows × columns × channels \(1 grey or 3 colours\)/ });
  file("fake/cat/1.png", "GIF89a, and then some more bytes of an image");
  await t.throwsAsync(rows(join(dir, "fake"), [2, 3, 1]), { message: /fake\/cat\/1\.png: is not a PNG image/ });
  const whole = PNG.sync.write(new PNG({ width: 3, height: 2 }));
  file("cut/cat/1.png", whole.subarray(0, whole.length - 20));
  await t.throwsAsync(rows(join(dir, "cut"), [2, 3, 1]), { message: /cut\/cat\/1\.png: is not a whole PNG image/ });
  file("empty/cat/readme.txt", "");
  await t.throwsAsync(rows(join(dir, "empty"), [2, 3, 1]), { message: /empty\/cat: has no \.png file/ });
});

test("folders train, test apart or held back, and their number must be the model's classes", async (t) => {
  for (const [set, n] of [["train", 8], ["test", 2]] as const) for (const name of ["cat", "dog"]) for (let i = 0; i < n; i++) image(`pets/${set}/${name}/${i}.png`, plain(name === "cat" ? i : 100 + i));
  const s: RowShape = { inputSize: 6, targetSize: 0, classes: 2 };
  const k = { name: "pets", inputShape: [2, 3, 1], targetShape: [], batchSize: 4 };
  const o: DataOptions = { train: [join(dir, "pets/train")], test: join(dir, "pets/test"), format: "png", header: false, label: -1, scale: 1 / 255, seed: 1n };
  const data = await prepareData(o, s, k);
  t.is(data.packed.manifest.batches, 4);
  const tested = decodeSegment(s, openTestSet(data.test.sealed, data.test.key, data.packed.manifestCid));
  t.deepEqual([...tested.y], [0, 0, 1, 1]);
  t.is(tested.x[6], Math.fround(1 / 255));
  data.close();
  t.is((await prepareData({ ...o, test: 4 }, s, k)).test.rows, 4);
  const refused = (changes: Partial<DataOptions>, classes = 2) => t.throwsAsync(prepareData({ ...o, ...changes }, { ...s, classes }, k), { instanceOf: DataFileError });
  t.regex((await refused({}, 3))?.message ?? "", /has 2 class folders, the model's last layer has 3 units/);
  image("pets/strange/bird/1.png", plain(3));
  t.regex((await refused({ test: join(dir, "pets/strange") }))?.message ?? "", /strange\/bird: is no class of the training data, which has cat, dog/);
  t.regex((await refused({ train: [join(dir, "pets/none")] }))?.message ?? "", /pets\/none: there is no such file/);
  t.regex((await refused({ train: [join(dir, "pets/train/cat/1.png")] }))?.message ?? "", /1\.png: is a file, want a folder with one sub-folder for each class/);
  t.regex((await refused({ train: [join(dir, "pets/train/cat")] }))?.message ?? "", /has no sub-folder, want one for each class/);
});
