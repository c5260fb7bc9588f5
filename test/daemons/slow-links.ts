/**
 * Supervisors behind links of 5 Mbit/s each, and verifiers that have nothing of a task's log yet: all of it comes over those
 * links, longer than evidence_timeout, and nobody is UNSERVED or without residual.
 */
import type { JobJudged } from "#proto/gen/pouw/v1/services.js";
import { Asking } from "./asking.js";
import { link } from "./link.js";
import { Recording } from "./recorded.js";

const BYTES_PER_SECOND = 625_000;
/** n = 16,003: every header hashes its residual, and with a small quantum most entries of a map are there. */
const MODEL = { units: 2_000, quantumLog2: -24 };

export interface SlowLinks {
  readonly logBytes: number;
  readonly verdicts: readonly JobJudged[];
  readonly seconds: number;
  /** over each link */
  readonly carried: readonly number[];
}

const sizeOf = (r: Recording): number => [...r.log.values()].reduce((n, m) => n + m.header.length + m.map.length + m.signature.length, 0);

/** A log of at least so many bytes, judged at its end by so many verifiers. */
export async function overSlowLinks(logBytes: number, verifiers: number, evidenceTimeoutMs: number): Promise<SlowLinks> {
  const each = sizeOf(await Recording.train(4, MODEL)) / 4;
  const rounds = Math.ceil(logBytes / each);
  const r = await Recording.train(rounds, MODEL);
  const supervisors = await Promise.all([1, 2, 3].map(() => r.supervisor()));
  const links = await Promise.all(supervisors.map((s) => link(s.endpoint, BYTES_PER_SECOND)));
  const nodes = Array.from({ length: verifiers }, () => new Asking({ evidenceTimeoutMs, headStartMs: 2_000, retryMs: 1_000 }));
  try {
    const started = performance.now();
    const endpoints = links.map((l) => l.endpoint);
    const verdicts = await Promise.all(
      nodes.map((node, i) => {
        // as the node hands them over: each validator begins with another one
        node.knows(r.facts([...endpoints.slice(i % 3), ...endpoints.slice(0, i % 3)]));
        return node.ask((id) => ({ ...r.job(id, 1, BigInt(rounds)), deadline: 2_000n }));
      }),
    );
    return { logBytes: sizeOf(r), verdicts, seconds: (performance.now() - started) / 1000, carried: links.map((l) => l.carried()) };
  } finally {
    await Promise.all(nodes.map((n) => n.close()));
    await Promise.all(links.map((l) => l.close()));
    await Promise.all(supervisors.map((s) => s.close()));
  }
}

export const describe = ({ logBytes, seconds, carried }: SlowLinks): string =>
  `a log of ${(logBytes / 2 ** 20).toFixed(1)} MiB in ${seconds.toFixed(1)} s, over the links ${carried.map((b) => (b / 2 ** 20).toFixed(1)).join(" + ")} MiB`;
