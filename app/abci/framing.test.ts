import test from "ava";
import fc from "fast-check";
import { FrameReader, lengthPrefix } from "./framing.js";

const frame = (m: Uint8Array): Buffer => Buffer.concat([lengthPrefix(m.length), m]);

test("messages come out whole and in order, whatever pieces the stream is cut into", (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (messages, cuts) => {
      const stream = Buffer.concat(messages.map(frame));
      const reader = new FrameReader();
      const out: Uint8Array[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + (cuts[i % cuts.length] as number);
        out.push(...reader.push(stream.subarray(at, end)));
        at = end;
      }
      t.deepEqual(out.map((m) => [...m]), messages.map((m) => [...m]));
      t.true(out.every((m) => !(m instanceof Buffer)));
    }),
  );
});

test("a message of exactly the limit passes and one byte more is refused before anything is allocated", (t) => {
  t.is(new FrameReader(300).push(frame(new Uint8Array(300)))[0]?.length, 300);
  t.throws(() => new FrameReader(300).push(lengthPrefix(301)), { message: /ABCI message of 301 bytes: the limit is 300/ });
  t.throws(() => new FrameReader().push(Buffer.from("ffffffffffffffffff7f", "hex")), { message: /ABCI message of at least \d+ bytes: the limit is 104857600/ });
  t.throws(() => new FrameReader().push(Buffer.from("80808080808080808080", "hex")), { message: /length is no varint/ });
});
