import { type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/**
 * TheAPP's log: one JSON object a line on standard output, written before the call returns. No pino
 * transport: those are worker threads loaded by path, which a bundle of one file does not have.
 */
export function createLog(level: string, version: string): Logger {
  return pino({ level, base: { pid: process.pid, version }, timestamp: stdTimeFunctions.isoTime });
}
