import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A load: requests over a number of connections, as fast as answers come or evenly at a rate (requests/s). */
export interface Load {
  readonly url: string;
  /** Requested in turn. */
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly rate?: number;
}

/** A longer wait counts as no answer; the same as autocannon's. */
const waitMilliseconds = 10_000;

/** Receives each answer: its status and its latency in milliseconds. */
export type Answered = (status: number, milliseconds: number) => void;

/**
 * Sends `rate` requests a second for `seconds`. The connections start evenly over the first second and share the rate:
 * each sends its next request as soon as the last is answered, until its share of the second is used up.
 *
 * It uses plain sockets, which leave almost no garbage: on a computer with few cores, a client that needs much processor
 * time (autocannon parses answers in JavaScript) or pauses to collect garbage would measure itself. It only understands
 * answers with a Content-Length (RFC 9112, 6.2).
 *
 * @throws Error if a connection ends, or an answer cannot be parsed or takes longer than ten seconds
 */
export async function paced(
  { url, paths, connections, seconds, rate }: Load & { readonly rate: number },
  answered: Answered,
): Promise<void> {
  const count = Math.min(connections, Math.max(1, Math.round(rate)));
  const { hostname, port, host } = new URL(url);
  const requests = paths.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  const from = performance.now();
  let sent = 0;
  const next = () => requests[sent++ % requests.length] ?? Buffer.alloc(0);
  const one = async (_: unknown, i: number) => {
    const share = Math.floor(((i + 1) * rate) / count) - Math.floor((i * rate) / count);
    const connection = await open({ host: hostname, port: Number(port) }, answered);
    try {
      for (let second = 0; second < seconds; second++) {
        const begin = from + 1000 * (second + i / count);
        await sleep(Math.max(0, begin - performance.now()));
        const end = Math.min(begin, from + 1000 * (seconds - 1)) + 1000;
        await connection.ask(next, share, end);
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}

interface Connection {
  /** Sends the requests of `next` one after the other: `times` of them, or until `end` (performance.now()). */
  ask(next: () => Buffer, times: number, end: number): Promise<void>;
  close(): void;
}

/** The buffer that all connections read into, one after the other. */
const chunk = Buffer.alloc(64 * 1024);

/** A keep-alive connection with one request in flight at a time. */
async function open(place: { host: string; port: number }, answered: Answered): Promise<Connection> {
  const answers = answerReader();
  let begun = 0;
  let sendNext: (() => void) | undefined;
  let waiting: PromiseWithResolvers<void> | undefined;
  const fail = (error: unknown) => {
    socket.destroy();
    waiting?.reject(error);
  };
  const read = (length: number) => {
    try {
      const status = answers(chunk, length);
      if (status === undefined) return true;
      answered(status, performance.now() - begun);
      sendNext?.();
    } catch (error) {
      fail(error);
    }
    return true;
  };
  const socket = connect({ ...place, noDelay: true, onread: { buffer: chunk, callback: read } });
  socket.setTimeout(waitMilliseconds);
  await once(socket, 'connect');
  socket.on('error', fail);
  socket.on('timeout', () => fail(new Error(`no answer within ${waitMilliseconds / 1000} s`)));
  socket.on('close', () => fail(new Error('the connection was closed')));
  return {
    ask(next, times, end) {
      waiting = Promise.withResolvers();
      let left = times;
      sendNext = () => {
        if (socket.destroyed) return waiting?.reject(new Error('the connection was closed'));
        begun = performance.now();
        if (left-- <= 0 || begun >= end) return waiting?.resolve();
        socket.write(next());
      };
      sendNext();
      return waiting.promise;
    },
    close() {
      waiting = undefined;
      socket.destroy();
    },
  };
}

/**
 * Reads answers chunk by chunk, and returns the status of an answer once it is complete.
 *
 * @throws Error for an answer whose first chunk does not contain the whole head with a Content-Length
 */
function answerReader(): (chunk: Buffer, length: number) => number | undefined {
  let status: number | undefined;
  let missing = 0;
  return (chunk, length) => {
    if (status !== undefined) missing -= length;
    else {
      // The buffer may still contain older bytes after `length`.
      const end = chunk.indexOf('\r\n\r\n');
      const whole = end >= 0 && end + 4 <= length;
      const head = chunk.toString('latin1', 0, whole ? end : length);
      const announced = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (!whole || announced === undefined) throw new Error(`an answer without Content-Length: ${head}`);
      status = Number(head.slice(9, 12));
      missing = end + 4 + Number(announced) - length;
    }
    if (missing > 0) return undefined;
    const answered = status;
    status = undefined;
    return answered;
  };
}
