import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../errors.ts';
import { ticking } from './ticking.ts';

/**
 * Runs `work` while holding a lock on `folder`. If another run holds it, waits and reports what that run is doing.
 * On Linux the lock is a name in the abstract socket namespace, which disappears with its process, even after a crash.
 *
 * @param doing what `work` does, as shown to others that wait: `bringing up approach_0`
 * @param place what is locked, where an error begins
 * @throws ProvisionError (failed) after `seconds` of waiting
 */
export async function withLock<T>(
  folder: string,
  doing: string,
  waiting: (line: string) => void,
  work: () => Promise<T>,
  seconds = 900,
  place = 'lab',
): Promise<T> {
  const path = pathOf(folder);
  const holder = `${process.pid} ${doing}`;
  const lock =
    (await listen(path, holder)) ??
    (await ticking(waiting, 'waiting', (update) => turn(path, holder, update, seconds, place)));
  try {
    return await work();
  } finally {
    await new Promise((closed) => lock.close(closed));
  }
}

/** The socket that represents a lock. On macOS, which has no abstract namespace, it is a file. */
function pathOf(folder: string): string {
  const hash = createHash('sha256').update(folder).digest('hex');
  if (process.platform === 'linux') return `\0theapp-lab-${hash.slice(0, 32)}`;
  return join(tmpdir(), `theapp-${hash.slice(0, 16)}.sock`);
}

async function turn(
  path: string,
  holder: string,
  update: (line: string) => void,
  seconds: number,
  place: string,
): Promise<Server> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const lock = await listen(path, holder);
    if (lock) return lock;
    const answer = await ask(path);
    // A file is left behind by a crash; a name in the abstract namespace is not.
    if (answer === undefined && !path.startsWith('\0')) rmSync(path, { force: true });
    const [, pid, doing] = /^(\d+) (.*)$/s.exec(answer ?? '') ?? [];
    const other = pid === undefined ? 'another run' : `another run (process ${pid})`;
    const task = doing ?? `using the ${place}`;
    update(`waiting for ${other}, which is ${task}`);
    if (Date.now() > end) {
      throw failure({
        place,
        what: `${other} has been ${task} for ${seconds} s`,
        todo: pid === undefined ? 'try again later' : `wait, or end it, then try again: kill ${pid}`,
      });
    }
    await sleep(200);
  }
}

function listen(path: string, holder: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(holder);
    });
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ path }, () => resolve(server));
  });
}

/** Asks the holder of the lock for its process id and what it is doing. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: 2000 });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      text += data;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(text || undefined));
  });
}
