/**
 * ed25519 signatures, checked on other threads: on the one that serves sockets a check would cost as much as all else that
 * is done with a message. The threads are libuv's, which run no JavaScript of their own: a worker thread costs a second heap,
 * its own compilation and a message each way (bench/signatures.ts, docs/decisions.md).
 *
 * Bounded: disk writes wait for the same threads, so few checks are with them at one time; what waits beyond `maxWaiting` is
 * refused at once, and whoever asked tells its peer to come again.
 */
import { verify } from "node:crypto";
import { ed25519Key } from "./crypto.js";

export interface SignatureCheck {
  /** 32 bytes; any other length is a signature that is not good */
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  /** 64 bytes */
  readonly signature: Uint8Array;
}

export class SignaturesBusy extends Error {
  override readonly name = "SignaturesBusy";
}

export interface SignatureOptions {
  /** checks that may wait */
  readonly maxWaiting?: number;
  /** checks that the threads have at one time */
  readonly atOnce?: number;
}

interface Waiting {
  readonly check: SignatureCheck;
  answer(good: boolean): void;
}

const MAX_WAITING = 16_384;
/** half a millisecond of four threads */
const AT_ONCE = 16;

export class Signatures {
  readonly #maxWaiting: number;
  readonly #atOnce: number;
  #waiting: Waiting[] = [];
  /** of `#waiting`, how many were handed over */
  #handed = 0;
  #atWork = 0;

  constructor({ maxWaiting = MAX_WAITING, atOnce = AT_ONCE }: SignatureOptions = {}) {
    this.#maxWaiting = maxWaiting;
    this.#atOnce = atOnce;
  }

  /** Whether each signature is good, in their order. Rejects with SignaturesBusy when too many wait, and then none was taken. */
  verify(checks: readonly SignatureCheck[]): Promise<boolean[]> {
    const waiting = this.#waiting.length - this.#handed;
    if (waiting + checks.length > this.#maxWaiting) return Promise.reject(new SignaturesBusy(`${waiting} signatures wait to be checked, at most ${this.#maxWaiting}: send it again later`));
    if (checks.length === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const good: boolean[] = [];
      let left = checks.length;
      checks.forEach((check, i) =>
        this.#waiting.push({
          check,
          answer: (g) => {
            good[i] = g;
            if (--left === 0) resolve(good);
          },
        }),
      );
      this.#hand();
    });
  }

  #hand(): void {
    while (this.#atWork < this.#atOnce && this.#handed < this.#waiting.length) {
      const { check, answer } = this.#waiting[this.#handed++] as Waiting;
      this.#atWork++;
      verifyElsewhere(check, (good) => {
        this.#atWork--;
        answer(good);
        this.#hand();
      });
    }
    if (this.#handed < this.#waiting.length && this.#handed < 1024) return;
    this.#waiting = this.#waiting.slice(this.#handed);
    this.#handed = 0;
  }
}

/** Answers later, in every case. */
function verifyElsewhere({ key, message, signature }: SignatureCheck, answer: (good: boolean) => void): void {
  if (key.length !== 32 || signature.length !== 64) return void setImmediate(answer, false);
  try {
    verify(null, message, ed25519Key(key), signature, (error, good) => answer(!error && good));
  } catch {
    setImmediate(answer, false); // a key that is no point
  }
}
