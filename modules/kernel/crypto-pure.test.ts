import blst from "@chainsafe/blst";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import test, { type ExecutionContext } from "ava";
import { createHash } from "node:crypto";
import { nodeCrypto } from "#platform/crypto.js";
import { concat, fromBigInt, fromHex, utf8 } from "./bytes.js";
import { pureCrypto } from "./crypto-pure.js";

type Check = "verifyEd25519" | "verifyEd25519Zip215" | "verifySecp256k1" | "verifyBls";
type Triple = readonly [key: Uint8Array, message: Uint8Array, signature: Uint8Array];

/** The same bytes in every run: the SHA-256 of a name, as often as it takes. */
const bytesOf = (name: string, length: number): Uint8Array => {
  let out: Uint8Array = new Uint8Array(0);
  for (let i = 0; out.length < length; i++) out = concat(out, new Uint8Array(createHash("sha256").update(`${name}/${i}`).digest()));
  return out.slice(0, length);
};
const below = (name: string, n: number): number => (bytesOf(name, 4).reduce((a, b) => a * 256 + b, 0) >>> 0) % n;
const little = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const littleBytes = (v: bigint, length = 32): Uint8Array => fromBigInt(v, length).reverse();
const sha512 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha512").update(bytes).digest());

/** Both answer the same; which is `want`, where that is given. */
function agree(t: ExecutionContext, check: Check, [key, message, signature]: Triple, text: string, want?: boolean): boolean {
  const native = nodeCrypto[check](key, message, signature);
  t.is(pureCrypto[check](key, message, signature), native, `${check}: ${text}`);
  if (want !== undefined) t.is(native, want, `${check}: ${text}`);
  return native;
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const out = bytes.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
};

/** Bits of each part turned over, and every part too short, too long and empty. */
function mutate(t: ExecutionContext, check: Check, triple: Triple, name: string, flips: number): void {
  for (let part = 0; part < 3; part++) {
    const given = triple[part] as Uint8Array;
    const other = (bytes: Uint8Array): Triple => triple.map((p, i) => (i === part ? bytes : p)) as unknown as Triple;
    if (given.length > 0) {
      for (let i = 0; i < flips; i++) {
        const bit = below(`${name}/${part}/${i}`, given.length * 8);
        agree(t, check, other(flipped(given, bit)), `${name}: part ${part}, bit ${bit}`);
      }
    }
    for (const bytes of [given.subarray(1), concat(given, Uint8Array.of(0)), new Uint8Array(0), new Uint8Array(given.length)]) agree(t, check, other(bytes), `${name}: part ${part} with ${bytes.length} bytes`);
  }
}

test("hashes of every length around a block", (t) => {
  for (let n = 0; n < 200; n++) {
    const bytes = bytesOf(`input ${n}`, n);
    t.deepEqual(pureCrypto.sha256(bytes), nodeCrypto.sha256(bytes), `${n}`);
    t.deepEqual(pureCrypto.ripemd160(bytes), nodeCrypto.ripemd160(bytes), `${n}`);
  }
});

test("ed25519: valid signatures, and what is changed in them", (t) => {
  for (let i = 0; i < 12; i++) {
    const secret = bytesOf(`ed25519 ${i}`, 32);
    const message = bytesOf(`message ${i}`, i * 17);
    const triple = [ed25519.getPublicKey(secret), message, ed25519.sign(message, secret)] as const;
    for (const check of ["verifyEd25519", "verifyEd25519Zip215"] as const) {
      agree(t, check, triple, `${i}`, true);
      mutate(t, check, triple, `${i}`, 12);
    }
  }
});

const { Point } = ed25519;
const P = Point.Fp.ORDER;
const L = Point.Fn.ORDER;
/** a point of order 8 */
const TORSION = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");

test("ed25519: the order of s, and components of small order in key and commitment", (t) => {
  const both = (triple: Triple, text: string, strict?: boolean, zip215?: boolean): void => {
    agree(t, "verifyEd25519", triple, text, strict);
    agree(t, "verifyEd25519Zip215", triple, text, zip215);
  };
  const secret = bytesOf("mixed", 32);
  const message = utf8("vote extension");
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(secret) as { scalar: bigint; pointBytes: Uint8Array };
  const good = ed25519.sign(message, secret);
  both([pointBytes, message, good], "as everybody makes it", true, true);
  const s = little(good.subarray(32));
  for (let k = 1n; s + k * L < 1n << 256n; k++) both([pointBytes, message, concat(good.subarray(0, 32), littleBytes(s + k * L))], `s + ${k}·L`, false, false);
  for (const edge of [0n, 1n, L - 1n, L, L + 1n, (1n << 256n) - 1n]) both([pointBytes, message, concat(good.subarray(0, 32), littleBytes(edge))], `s = ${edge}`, false, false);

  const r = 123_456_789n;
  /** What the equation's right side is for this commitment and key; the secret part of the key is `a`. */
  const signed = (R: Uint8Array, key: Uint8Array, a: bigint): Uint8Array => concat(R, littleBytes((r + (little(sha512(concat(R, key, message))) % L) * a) % L));
  let strict = 0;
  for (let i = 0n; i < 8n; i++) {
    for (let j = 0n; j < 8n; j++) {
      const R = Point.BASE.multiply(r).add(TORSION.multiplyUnsafe(i)).toBytes();
      const key = Point.BASE.multiply(scalar).add(TORSION.multiplyUnsafe(j)).toBytes();
      const triple = [key, message, signed(R, key, scalar)] as const;
      both(triple, `commitment + ${i}·T, key + ${j}·T`, undefined, true);
      if (nodeCrypto.verifyEd25519(...triple)) strict++;
    }
  }
  t.true(strict > 0 && strict < 64);
});

test("ed25519: keys and commitments of small order, in every encoding", (t) => {
  // every y of a point of small order: reduced, not reduced, with either sign
  const ys = new Set<bigint>();
  for (let i = 0n; i < 8n; i++) ys.add(TORSION.multiplyUnsafe(i).toAffine().y);
  const encodings: Uint8Array[] = [];
  for (const y of ys) for (const value of [y, y + P]) if (value < 1n << 255n) for (const sign of [0n, 1n << 255n]) encodings.push(littleBytes(value + sign));
  t.true(encodings.length >= 14);
  let strict = 0;
  let zip215 = 0;
  for (const key of encodings) {
    for (const R of encodings) {
      for (const s of [0n, 1n]) {
        for (const m of [0, 1, 2]) {
          const triple = [key, Uint8Array.of(m), concat(R, littleBytes(s))] as const;
          if (agree(t, "verifyEd25519", triple, "small order")) strict++;
          if (m === 0 && agree(t, "verifyEd25519Zip215", triple, "small order")) zip215++;
        }
      }
    }
  }
  t.true(strict > 0);
  t.is(zip215, encodings.length ** 2);
  // every y above the field's size, as key of what would be a valid signature
  for (let y = P; y < 1n << 255n; y++) for (const sign of [0n, 1n << 255n]) agree(t, "verifyEd25519", [littleBytes(y + sign), utf8("m"), concat(Point.ZERO.toBytes(), littleBytes(0n))], `y = p + ${y - P}`);
});

test("secp256k1: valid signatures, what is changed in them, a high s, and scalars at the edges", (t) => {
  const n = secp256k1.Point.Fn.ORDER;
  for (let i = 0; i < 12; i++) {
    const secret = bytesOf(`secp256k1 ${i}`, 32);
    const key = secp256k1.getPublicKey(secret, true);
    const digest = i === 0 ? new Uint8Array(32) : i === 1 ? new Uint8Array(32).fill(255) : bytesOf(`digest ${i}`, 32);
    const signature = secp256k1.sign(digest, secret, { prehash: false });
    const triple = [key, digest, signature] as const;
    agree(t, "verifySecp256k1", triple, `${i}`, true);
    mutate(t, "verifySecp256k1", triple, `${i}`, 12);
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
    agree(t, "verifySecp256k1", [key, digest, concat(r, fromBigInt(n - number(s), 32))], "a high s", false);
    for (const edge of [0n, 1n, n / 2n, n / 2n + 1n, n - 1n, n, n + 1n, (1n << 256n) - 1n]) {
      agree(t, "verifySecp256k1", [key, digest, concat(r, fromBigInt(edge, 32))], `s = ${edge}`);
      agree(t, "verifySecp256k1", [key, digest, concat(fromBigInt(edge, 32), s)], `r = ${edge}`);
    }
    for (let head = 0; head < 8; head++) agree(t, "verifySecp256k1", [concat(Uint8Array.of(head), key.subarray(1)), digest, signature], `head ${head}`);
    agree(t, "verifySecp256k1", [concat(Uint8Array.of(2), fromBigInt(secp256k1.Point.Fp.ORDER + BigInt(i), 32)), digest, signature], "x above the field", false);
  }
});

const COMPRESSED = 0x80;
const INFINITY = 0xc0;
/** The first x of a name that is on the curve, compressed: of its points nearly none is in the subgroup. */
function strayPoint(name: string, length: number, isOnCurve: (bytes: Uint8Array) => boolean): Uint8Array {
  for (let i = 0; ; i++) {
    const bytes = bytesOf(`${name} ${i}`, length);
    bytes[0] = COMPRESSED | ((bytes[0] as number) & 0x0f);
    if (length === 96) bytes[48] = (bytes[48] as number) & 0x0f;
    if (isOnCurve(bytes)) return bytes;
  }
}
const isPoint = (read: () => unknown): boolean => {
  try {
    return read() !== undefined;
  } catch {
    return false;
  }
};

test("BLS: valid signatures, what is changed in them, infinity, and points outside the subgroup", (t) => {
  for (let i = 0; i < 3; i++) {
    const secret = blst.SecretKey.fromKeygen(bytesOf(`bls ${i}`, 32));
    const message = bytesOf(`message ${i}`, i * 20);
    const key = Uint8Array.from(secret.toPublicKey().toBytes());
    const signature = Uint8Array.from(secret.sign(message).toBytes());
    const triple = [key, message, signature] as const;
    agree(t, "verifyBls", triple, `${i}`, true);
    mutate(t, "verifyBls", triple, `${i}`, 6);
    for (const bit of [5, 6, 7]) {
      agree(t, "verifyBls", [flipped(key, bit), message, signature], `flag ${bit} of the key`, false);
      agree(t, "verifyBls", [key, message, flipped(signature, bit)], `flag ${bit} of the signature`, false);
    }
    const [noKey, noSignature] = [concat(Uint8Array.of(INFINITY), new Uint8Array(47)), concat(Uint8Array.of(INFINITY), new Uint8Array(95))];
    agree(t, "verifyBls", [noKey, message, signature], "an infinite key", false);
    agree(t, "verifyBls", [key, message, noSignature], "an infinite signature", false);
    agree(t, "verifyBls", [noKey, message, noSignature], "both infinite", false);
    const stray = strayPoint(`key ${i}`, 48, (b) => isPoint(() => blst.PublicKey.fromBytes(b, false)));
    const straySignature = strayPoint(`signature ${i}`, 96, (b) => isPoint(() => blst.Signature.fromBytes(b, false)));
    const { Fp, Fp2 } = bls12_381.fields;
    const x1 = number(stray) & ((1n << 381n) - 1n);
    const p1 = bls12_381.G1.Point.fromAffine({ x: x1, y: Fp.sqrt(Fp.add(Fp.pow(x1, 3n), 4n)) });
    const x2 = { c0: number(straySignature.subarray(48)), c1: number(straySignature.subarray(0, 48)) & ((1n << 381n) - 1n) };
    const p2 = bls12_381.G2.Point.fromAffine({ x: x2, y: Fp2.sqrt(Fp2.add(Fp2.pow(x2, 3n), { c0: 4n, c1: 4n })) });
    t.false(p1.isTorsionFree() || p2.isTorsionFree());
    // the encoding by hand is the libraries' own where they write one
    t.deepEqual(compressed(bls12_381.G1.Point.fromBytes(key).toAffine(), (v) => [v]), key);
    t.deepEqual(compressed(bls12_381.G2.Point.fromBytes(signature).toAffine(), ({ c0, c1 }) => [c1, c0]), signature);
    agree(t, "verifyBls", [stray, message, signature], "a key outside the subgroup", false);
    agree(t, "verifyBls", [key, message, straySignature], "a signature outside the subgroup", false);
    // a good key and a point of the cofactor's order: the pairing alone would not see it
    const r = bls12_381.G1.Point.Fn.ORDER;
    const cofactored = compressed(bls12_381.G1.Point.fromBytes(key).add(times(p1, r)).toAffine(), (v) => [v]);
    agree(t, "verifyBls", [cofactored, message, signature], "a key with a component outside the subgroup", false);
    const both = compressed(bls12_381.G2.Point.fromBytes(signature).add(times(p2, r)).toAffine(), ({ c0, c1 }) => [c1, c0]);
    agree(t, "verifyBls", [key, message, both], "a signature with a component outside the subgroup", false);
    const fieldSize = fromHex("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab");
    agree(t, "verifyBls", [flipped(fieldSize, 7), message, signature], "x is the field's size", false);
  }
});

/** As both libraries read it; noble itself writes no point outside the subgroup. */
function compressed<F>({ x, y }: { x: F; y: F }, parts: (v: F) => bigint[]): Uint8Array {
  const out = concat(...parts(x).map((v) => fromBigInt(v, 48)));
  const greater = (parts(y).find((v) => v !== 0n) ?? 0n) * 2n > bls12_381.fields.Fp.ORDER;
  out[0] = (out[0] as number) | COMPRESSED | (greater ? 0x20 : 0);
  return out;
}

/** n·p by doubling, for an n that is not reduced. */
function times<T extends { add(other: T): T; double(): T }>(p: T, n: bigint): T {
  let out: T | undefined;
  let power = p;
  for (let rest = n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) out = out ? out.add(power) : power;
    power = power.double();
  }
  return out as T;
}
