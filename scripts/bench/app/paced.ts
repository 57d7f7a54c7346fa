import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from './schedule.ts';

/** An answer that takes longer is none; as long as autocannon waits. */
const waitMilliseconds = 10_000;

/** Hears of each answer: its status and how long it took, in milliseconds. */
export type Answered = (status: number, milliseconds: number) => void;

/**
 * Sends `rate` requests a second for so many seconds, shared by connections that begin one after the other, evenly over
 * the first second: each asks again as soon as it is answered, until its part of the second is used up.
 *
 * Plain sockets that leave next to no garbage, because this measures the time of answers on a computer whose cores are
 * few: a client that takes much processor time (autocannon reads answers with a parser in JavaScript) or stops to
 * collect is measured itself. It understands answers with a Content-Length (RFC 9112, 6.2), and nothing else.
 *
 * @throws Error when a connection ends, an answer is not understood or takes longer than ten seconds
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
  /** Sends what `next` gives, one after the other, so often or until that time, on the clock of performance.now(). */
  ask(next: () => Buffer, times: number, end: number): Promise<void>;
  close(): void;
}

/** What all connections read into, one after the other. */
const piece = Buffer.alloc(64 * 1024);

/** A connection that is kept, with one request on its way at a time. */
async function open(place: { host: string; port: number }, answered: Answered): Promise<Connection> {
  const answers = answerReader();
  let begun = 0;
  let goOn: (() => void) | undefined;
  let waiting: PromiseWithResolvers<void> | undefined;
  const fail = (error: unknown) => {
    socket.destroy();
    waiting?.reject(error);
  };
  const read = (length: number) => {
    try {
      const status = answers(piece, length);
      if (status === undefined) return true;
      answered(status, performance.now() - begun);
      goOn?.();
    } catch (error) {
      fail(error);
    }
    return true;
  };
  const socket = connect({ ...place, noDelay: true, onread: { buffer: piece, callback: read } });
  socket.setTimeout(waitMilliseconds);
  await once(socket, 'connect');
  socket.on('error', fail);
  socket.on('timeout', () => fail(new Error(`no answer within ${waitMilliseconds / 1000} s`)));
  socket.on('close', () => fail(new Error('the connection was closed')));
  return {
    ask(next, times, end) {
      waiting = Promise.withResolvers();
      let left = times;
      goOn = () => {
        if (socket.destroyed) return waiting?.reject(new Error('the connection was closed'));
        begun = performance.now();
        if (left-- <= 0 || begun >= end) return waiting?.resolve();
        socket.write(next());
      };
      goOn();
      return waiting.promise;
    },
    close() {
      waiting = undefined;
      socket.destroy();
    },
  };
}

/**
 * Reads answers, piece by piece: answers the status of one once it is whole.
 *
 * @throws Error for an answer that does not begin with a whole head that says how long it is
 */
function answerReader(): (piece: Buffer, length: number) => number | undefined {
  let status: number | undefined;
  let missing = 0;
  return (piece, length) => {
    if (status !== undefined) missing -= length;
    else {
      // Behind what was read stands what was read before.
      const end = piece.indexOf('\r\n\r\n');
      const whole = end >= 0 && end + 4 <= length;
      const head = piece.toString('latin1', 0, whole ? end : length);
      const announced = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (!whole || announced === undefined) throw new Error(`an answer without its length: ${head}`);
      status = Number(head.slice(9, 12));
      missing = end + 4 + Number(announced) - length;
    }
    if (missing > 0) return undefined;
    const answered = status;
    status = undefined;
    return answered;
  };
}
