import { createHash } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../errors.ts';
import { ticking } from './ticking.ts';

/**
 * Runs `work` while no other command works on `folder`; waits for the one that does, and says what it is doing.
 * The lock is a name in Linux's abstract socket namespace: it goes with its process, so no crash leaves it behind.
 *
 * @throws ProvisionError (failed) after `seconds` of waiting
 */
export async function withLock<T>(
  folder: string,
  doing: string,
  waiting: (line: string) => void,
  work: () => Promise<T>,
  seconds = 900,
): Promise<T> {
  const path = `\0theapp-lab-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  const words = `${doing} (process ${process.pid})`;
  const lock =
    (await listen(path, words)) ??
    (await ticking(waiting, 'waiting', (say) => turn(path, words, say, seconds)));
  try {
    return await work();
  } finally {
    await new Promise((closed) => lock.close(closed));
  }
}

async function turn(
  path: string,
  words: string,
  say: (line: string) => void,
  seconds: number,
): Promise<Server> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const lock = await listen(path, words);
    if (lock) return lock;
    const other = (await ask(path)) ?? 'does something';
    say(`waiting while another ${other}`);
    if (Date.now() > end) {
      throw failure({
        place: 'lab',
        what: `another ${other}, since ${seconds} s`,
        todo: 'end that process, then try again',
      });
    }
    await sleep(200);
  }
}

function listen(path: string, words: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(words);
    });
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ path }, () => resolve(server));
  });
}

/** Who holds the lock, in its own words. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: 2000 });
    let words = '';
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      words += data;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(words || undefined));
  });
}
