import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/**
 * TheAPP's log: one JSON object a line on standard output. Lines are written in the background, many
 * at once and at the latest after a fifth of a second, so that neither the writing nor a slow reader of the log holds
 * up requests; pino writes what is left when the process exits by itself. No pino
 * transport: those are worker threads loaded by path, which a bundle of one file does not have.
 */
export function createLog(level: string, version: string): Logger {
  const options = { level, base: { pid: process.pid, version }, timestamp: stdTimeFunctions.isoTime };
  return pino(options, destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: 200 }));
}
