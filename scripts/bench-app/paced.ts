import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from './load.ts';

/** An answer that takes longer is none; as long as autocannon waits. */
const patience = 10_000;

/** Hears of each answer: its status and how long it took, in milliseconds. */
export type Answered = (status: number, milliseconds: number) => void;

/**
 * Sends `rate` requests a second for so many seconds, shared by connections that begin one after the other, evenly over
 * the first second: each asks again as soon as it is answered, until its part of the second is used up.
 *
 * Plain sockets, because this measures the time of answers on a computer whose cores are few: a client that takes much
 * processor time (autocannon reads answers with a parser in JavaScript) is measured itself. It understands answers with
 * a Content-Length (RFC 9112, 6.2), and nothing else.
 *
 * @throws Error when a connection ends, an answer is not understood or takes longer than ten seconds
 */
export async function paced(
  { url, paths, connections, seconds, rate }: Load & { readonly rate: number },
  answered: Answered,
): Promise<void> {
  const count = Math.min(connections, Math.max(1, Math.round(rate)));
  const from = performance.now();
  let sent = 0;
  const one = async (_: unknown, i: number) => {
    const share = Math.floor(((i + 1) * rate) / count) - Math.floor((i * rate) / count);
    const connection = await open(new URL(url), answered);
    try {
      for (let second = 0; second < seconds; second++) {
        const begin = from + 1000 * (second + i / count);
        await sleep(Math.max(0, begin - performance.now()));
        const end = Math.min(begin, from + 1000 * (seconds - 1)) + 1000;
        for (let asked = 0; asked < share && performance.now() < end; asked++)
          await connection.ask(paths[sent++ % paths.length] ?? '/');
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}

interface Connection {
  ask(path: string): Promise<void>;
  close(): void;
}

/** A connection that is kept, with one request on its way at a time. */
async function open({ hostname, port, host }: URL, answered: Answered): Promise<Connection> {
  const socket = connect(Number(port), hostname).setNoDelay().setTimeout(patience);
  await once(socket, 'connect');
  let begun = 0;
  let head = '';
  let missing = 0;
  let waiting: PromiseWithResolvers<void> | undefined;
  const fail = (error: Error) => {
    socket.destroy();
    waiting?.reject(error);
  };
  socket.on('error', fail);
  socket.on('timeout', () => fail(new Error(`no answer within ${patience / 1000} s`)));
  socket.on('close', () => fail(new Error('the connection was closed')));
  socket.on('data', (chunk) => {
    if (head) missing -= chunk.length;
    else {
      const end = chunk.indexOf('\r\n\r\n');
      head = chunk.toString('latin1', 0, end);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (end < 0 || length === undefined) return fail(new Error(`an answer without its length: ${head}`));
      missing = end + 4 + Number(length) - chunk.length;
    }
    if (missing > 0) return;
    answered(Number(head.slice(9, 12)), performance.now() - begun);
    head = '';
    waiting?.resolve();
  });
  return {
    async ask(path) {
      if (socket.destroyed) throw new Error('the connection was closed');
      waiting = Promise.withResolvers();
      begun = performance.now();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      await waiting.promise;
    },
    close() {
      waiting = undefined;
      socket.destroy();
    },
  };
}
