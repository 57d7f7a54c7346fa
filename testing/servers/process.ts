import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of the test's own, which ends with the test however that ends. */
export interface Process {
  /** SIGSTOP; answers when no thread of it runs any more. */
  pause(): Promise<void>;
  resume(): void;
  /** Answers when it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** False from the moment it is gone, whoever ended it. */
  runs(): boolean;
}

/** Starts `file`, whatever it says going to `log`. */
export function launch(file: string, words: string[], log: string): Process {
  const output = openSync(log, 'a');
  // The kernel ends it with this process: a test that is killed runs no code of its own any more.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...words], {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  running.add(child);
  let runs = true;
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      runs = false;
      running.delete(child);
      resolve();
    }),
  );
  return {
    async pause() {
      child.kill('SIGSTOP');
      while (runs && !(await everyThreadStopped(child.pid))) await sleep(5);
    },
    resume: () => void child.kill('SIGCONT'),
    async end(signal) {
      child.kill(signal);
      await ended;
    },
    runs: () => runs,
  };
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** A folder for the data of one server, which is gone at the end even of a test that fails. */
export async function newFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `theapp-${name}-`));
  folders.add(folder);
  return folder;
}

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A signal stops the threads of a process one by one, and any of them could still answer (proc(5)). */
async function everyThreadStopped(pid = 0): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')));
  return stats.every((stat) => /\) T /.test(stat));
}

/** Where a program is, also in the folders of root that a user's PATH leaves out. Throws with what to type. */
export function locate(name: string, debianPackage: string): string {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  const file = places.map((place) => join(place, name)).find((path) => existsSync(path));
  if (file) return file;
  throw new Error(
    `${name} is missing: the tests of TheAPP start servers of their own\n` +
      `  → sudo apt-get install -y --no-install-recommends ${debianPackage}`,
  );
}

/**
 * A port that nobody listened on a moment ago. Below those that Linux gives to clients: a client that keeps
 * asking for a server that is gone would else now and then be given that very port, and talk to itself.
 */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await isFree(port, address)) return port;
  }
}

function isFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
