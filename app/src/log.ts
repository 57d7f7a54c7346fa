import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

declare module 'sonic-boom' {
  interface SonicBoom {
    /** What it takes with `contentMode: 'buffer'`; its types know text only. */
    write(bytes: Buffer): boolean;
  }
}

/** pino, and a way for who has a line ready: it leaves in its order among pino's own. */
export interface Log extends Logger {
  /** What follows level and time in each line, who writes: `,"pid":1,"version":"1.0.0"`. */
  readonly baseFields: string;
  /** Takes a line, with its line break, of less than 20 kB. */
  writeLine(line: string): void;
}

/** How long lines wait for others, in milliseconds: once to be gathered and once to be written. */
const flushMilliseconds = 100;

/**
 * TheAPP's log: one JSON object a line on standard output. Lines are written in the background, many
 * at once and at the latest after a fifth of a second, so that neither the writing nor a slow reader of the log holds
 * up requests; what is left is written when the process exits by itself. No pino
 * transport: those are worker threads loaded by path, which a bundle of one file does not have.
 */
export function createLog(level: string, version: string): Log {
  const base = { pid: process.pid, version };
  const stream = destination({
    dest: 1,
    sync: false,
    minLength: 8192,
    periodicFlush: flushMilliseconds,
    contentMode: 'buffer',
  });
  const lines = batchLines((bytes) => stream.write(bytes));
  const inOrder = {
    write(line: string) {
      lines.flush();
      stream.write(Buffer.from(line));
    },
    // pino calls it after a fatal line.
    flushSync() {
      lines.flush();
      stream.flushSync();
    },
  };
  // Before the stream's own listener, which writes what it has.
  process.prependListener('exit', lines.flush);
  const logger = pino({ level, base, timestamp: stdTimeFunctions.isoTime }, inOrder);
  return Object.assign(logger, { baseFields: `,${JSON.stringify(base).slice(1, -1)}`, writeLine: lines.add });
}

/** Lines as bytes until there are many: as text that waits they cost the garbage collector more than making them. */
function batchLines(write: (bytes: Buffer) => void) {
  const bytes = Buffer.allocUnsafeSlow(64 * 1024);
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (length > 0) write(Buffer.from(bytes.subarray(0, length)));
    length = 0;
  };
  const add = (line: string) => {
    length += bytes.write(line, length);
    if (length > bytes.length / 2) flush();
    else timer ??= setTimeout(flush, flushMilliseconds).unref();
  };
  return { add, flush };
}
