import test from "ava";
import { RemotePool } from "./failover.js";

test("who answered last is asked first, also after the same endpoints were set again in another order", async (t) => {
  const pool = new RemotePool({ endpoints: ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"], allowPrivate: true });
  const asked: string[] = [];
  const ask = (good: string) =>
    pool.first(async (r) => {
      asked.push(r.endpoint.slice(-1));
      if (r.endpoint !== good) throw new Error("silent");
    });
  await ask("127.0.0.1:2");
  t.deepEqual(asked.splice(0), ["1", "2"]);
  pool.setEndpoints(["127.0.0.1:3", "127.0.0.1:1", "127.0.0.1:2"]);
  await ask("127.0.0.1:2");
  t.deepEqual(asked.splice(0), ["2"]);
  pool.setEndpoints(["127.0.0.1:3", "127.0.0.1:1"]);
  await ask("127.0.0.1:3");
  t.deepEqual(asked.splice(0), ["3"], "without it the first of the list is");
  pool.close();
});
