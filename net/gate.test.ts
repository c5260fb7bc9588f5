import test from "ava";
import { gate, gated } from "./gate.js";

test("so many reads at a time, first come first, also behind one that fails", async (t) => {
  const through = gate(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const read = (n: number) => async (): Promise<number> => {
    order.push(n);
    most = Math.max(most, ++inside);
    await new Promise((r) => setTimeout(r, 5));
    inside--;
    if (n === 1) throw new Error("no disk");
    return n;
  };
  const all = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => through(read(n))));
  t.deepEqual(all.map((r) => r.status), ["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
  t.deepEqual([order, most], [[0, 1, 2, 3, 4], 2]);
  t.is(await through(read(9)), 9);
});

test("values come as they are, and what gives them is ended with whoever takes no more", async (t) => {
  let ended = 0;
  const three = async function* () {
    try {
      for (let n = 1; n <= 3; n++) yield n;
    } finally {
      ended++;
    }
  };
  const got: number[] = [];
  for await (const n of gated(gate(1), three())) got.push(n);
  for await (const n of gated(gate(1), three())) {
    got.push(n);
    break;
  }
  t.deepEqual([got, ended], [[1, 2, 3, 1], 2]);
});
