import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

declare module 'sonic-boom' {
  interface SonicBoom {
    /** With `contentMode: 'buffer'` it takes buffers; its types declare strings only. */
    write(bytes: Buffer): boolean;
  }
}

/** A pino logger that also accepts preformatted lines and keeps them in order with its own. */
export interface Log extends Logger {
  /** The fields after level and time in every line: `,"pid":1,"version":"1.0.0"`. */
  readonly baseFields: string;
  /** Writes a preformatted line, line break included, of less than 20 kB. */
  writeLine(line: string): void;
}

/** How long a line may wait to be batched, and the batch to be written, in milliseconds. */
const flushMilliseconds = 100;

/**
 * TheAPP's log: one JSON object per line on standard output. Lines are batched and written in the background
 * within 200 ms, so that neither writing nor a slow reader of the log delays requests. Pending lines are flushed when
 * the process exits by itself. pino's transports cannot be used: they are worker threads loaded by path, and the
 * release is a bundle of one file.
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
    // pino calls this after a fatal line.
    flushSync() {
      lines.flush();
      stream.flushSync();
    },
  };
  // Runs before the stream's own listener, which writes its buffer.
  process.prependListener('exit', lines.flush);
  const logger = pino({ level, base, timestamp: stdTimeFunctions.isoTime }, inOrder);
  return Object.assign(logger, { baseFields: `,${JSON.stringify(base).slice(1, -1)}`, writeLine: lines.add });
}

/** Batches lines as bytes: waiting strings would cost the garbage collector more than creating them. */
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
