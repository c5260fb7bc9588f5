/** The one logger of the daemons. Levels mean something: error = a person must act, warn = it heals by itself, info = milestones. */
import { pino } from "pino";

export type Fields = Readonly<Record<string, unknown>>;
export interface Logger {
  error(text: string, fields?: Fields): void;
  warn(text: string, fields?: Fields): void;
  info(text: string, fields?: Fields): void;
  debug(text: string, fields?: Fields): void;
  child(fields: Fields): Logger;
}
export type LogLevel = "error" | "warn" | "info" | "debug" | "silent";

const plain = (fields: Fields | undefined): Record<string, unknown> => {
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(fields ?? {})) {
    out[k] = typeof v === "bigint" ? v.toString() : v instanceof Uint8Array ? Buffer.from(v).toString("hex") : v instanceof Error ? v.message : v;
  }
  return out;
};

const wrap = (p: pino.Logger): Logger => ({
  error: (text, fields) => p.error(plain(fields), text),
  warn: (text, fields) => p.warn(plain(fields), text),
  info: (text, fields) => p.info(plain(fields), text),
  debug: (text, fields) => p.debug(plain(fields), text),
  child: (fields) => wrap(p.child(plain(fields))),
});

/** A logger that writes JSON lines to standard error (or to `file`), synchronously, so that nothing is lost in a crash. */
export function createLogger(name: string, level: LogLevel = "info", file?: string): Logger {
  return wrap(pino({ name, level }, pino.destination({ dest: file ?? 2, sync: true, mkdir: true })));
}

export const silentLogger: Logger = { error() {}, warn() {}, info() {}, debug() {}, child: () => silentLogger };
