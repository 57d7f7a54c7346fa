import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** pino, and its stream for who has a line ready: it leaves in its order among pino's own. */
export interface Log extends Logger {
  /** What follows level and time in each line, who writes: `,"pid":1,"version":"1.0.0"`. */
  readonly writer: string;
  /** Takes a line with its line break. */
  writeLine(line: string): void;
}

/**
 * TheAPP's log: one JSON object a line on standard output. Lines are written in the background, many
 * at once and at the latest after a fifth of a second, so that neither the writing nor a slow reader of the log holds
 * up requests; pino writes what is left when the process exits by itself. No pino
 * transport: those are worker threads loaded by path, which a bundle of one file does not have.
 */
export function createLog(level: string, version: string): Log {
  const base = { pid: process.pid, version };
  const stream = destination({ dest: 1, sync: false, minLength: 16_000, periodicFlush: 200 });
  const logger = pino({ level, base, timestamp: stdTimeFunctions.isoTime }, stream);
  return Object.assign(logger, {
    writer: `,${JSON.stringify(base).slice(1, -1)}`,
    writeLine: (line: string) => void stream.write(line),
  });
}
