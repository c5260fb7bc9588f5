import test from "ava";
import { systemTimers } from "#platform/clock.js";
import { MessageDoor } from "./message-door.js";

test("who waits for room waits no more when the door is closed, and is not let in after it", async (t) => {
  let offered = 0;
  const door: MessageDoor = new MessageDoor({
    step: (i) => {
      if (i.kind !== "message") return;
      offered++;
      door.perform({ do: "settle", id: i.id, outcome: "far" });
    },
    hashAt: async () => undefined,
    verify: async () => [],
    lowestRound: async () => 0n,
    keepRound: () => {},
    timers: systemTimers,
  });
  const message = { header: new Uint8Array(1), map: new Uint8Array(1), signature: new Uint8Array(64) };
  t.is(await door.receive(message, { patience: 0 }), "far", "without patience it is told at once");
  const waiting = door.receive(message); // 30 s by itself
  await new Promise((r) => setTimeout(r, 120));
  door.close();
  t.not(await Promise.race([waiting, new Promise((r) => setTimeout(r, 5_000))]), undefined);
  const before = offered;
  t.true(before >= 3, "it was offered again meanwhile");
  t.is(await door.receive(message), "full");
  t.is(offered, before);
});
