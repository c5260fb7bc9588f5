/**
 * The maps of a task's logs on disk, as they come: pages of about 1 MiB, newest first, one file a slot. In memory lie where
 * they are, and while models are scored one page. What is here is gone with the process: it is fetched again.
 */
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Page } from "#net/packed-log.js";

/** A page's maps: where they lie in the file. */
export interface StoredPage {
  /** seq of its first map */
  readonly first: bigint;
  /** where each map ends in the page */
  readonly ends: Uint32Array;
  readonly offset: number;
}

export interface StoredLog {
  readonly path: string;
  /** ascending */
  readonly pages: readonly StoredPage[];
}

export class Spool {
  readonly #pages = new Map<number, StoredPage[]>();
  readonly #sizes = new Map<number, number>();

  constructor(readonly directory: string) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Pages of a slot come newest first. */
  keep(slot: number, { first, ends, bytes }: Page): void {
    const view = new Uint8Array(bytes);
    const maps: Uint8Array[] = [];
    const mapEnds = new Uint32Array(ends.length / 3);
    let at = 0;
    for (let i = 0; i < mapEnds.length; i++) {
      const map = view.subarray(ends[3 * i], ends[3 * i + 1]);
      maps.push(map);
      mapEnds[i] = at += map.length;
    }
    const offset = this.#sizes.get(slot) ?? 0;
    const file = openSync(this.#path(slot), offset === 0 ? "w" : "a", 0o600);
    try {
      writeSync(file, Buffer.concat(maps));
    } finally {
      closeSync(file);
    }
    this.#sizes.set(slot, offset + at);
    const pages = this.#pages.get(slot) ?? [];
    this.#pages.set(slot, pages);
    pages.push({ first, ends: mapEnds, offset });
  }

  /** Of a slot that is whole. */
  log(slot: number): StoredLog {
    return { path: this.#path(slot), pages: (this.#pages.get(slot) ?? []).toReversed() };
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #path(slot: number): string {
    return join(this.directory, `${slot}.maps`);
  }
}

/** Reads maps of one slot, of which those near each other are asked for one after the other. */
export class SpooledLog {
  readonly length: bigint;
  #file: number | undefined;
  #at: { page: StoredPage; bytes: Uint8Array } | undefined;

  constructor(private readonly log: StoredLog) {
    const last = log.pages.at(-1);
    this.length = last ? last.first + BigInt(last.ends.length) - 1n : 0n;
  }

  map(seq: bigint): Uint8Array {
    const { page, bytes } = this.#page(seq);
    const i = Number(seq - page.first);
    return bytes.subarray(page.ends[i - 1] ?? 0, page.ends[i]);
  }

  /** What is in memory goes; it is read again when it is needed. */
  rest(): void {
    this.#at = undefined;
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #page(seq: bigint): { page: StoredPage; bytes: Uint8Array } {
    const here = this.#at;
    if (here && seq >= here.page.first && seq < here.page.first + BigInt(here.page.ends.length)) return here;
    const { pages, path } = this.log;
    let [low, high] = [0, pages.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((pages[middle] as StoredPage).first <= seq) low = middle;
      else high = middle - 1;
    }
    const page = pages[low] as StoredPage;
    this.#file ??= openSync(path, "r");
    const bytes = new Uint8Array(page.ends.at(-1) ?? 0);
    if (readSync(this.#file, bytes, 0, bytes.length, page.offset) !== bytes.length) throw new Error(`${path} is shorter than what was written to it`);
    return (this.#at = { page, bytes });
  }
}
