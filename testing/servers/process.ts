import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that ends with the test, however the test ends. */
export interface Process {
  /** Sends SIGSTOP and resolves when all its threads have stopped. */
  pause(): Promise<void>;
  resume(): void;
  /** Sends the signal and resolves when the process has exited. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** False once the process has exited, for whatever reason. */
  runs(): boolean;
}

/** Starts `file` with its output appended to `log`. */
export function launch(file: string, args: string[], log: string): Process {
  const output = openSync(log, 'a');
  // The kernel kills it together with this process: a killed test cannot clean up.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...args], {
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

/** Creates a folder for the data of one server; it is removed at the end, even if the test fails. */
export async function newFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `theapp-${name}-`));
  folders.add(folder);
  return folder;
}

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A signal stops threads one after another, and a running one could still respond (proc(5)). */
async function everyThreadStopped(pid = 0): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')));
  return stats.every((stat) => /\) T /.test(stat));
}

/** Finds a program, including in the sbin folders that are not in a user's PATH. The error says how to install it. */
export function locate(name: string, debianPackage: string): string {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  const file = places.map((place) => join(place, name)).find((path) => existsSync(path));
  if (file) return file;
  throw new Error(
    `${name} is not installed: the tests of TheAPP start their own servers\n` +
      `  → sudo apt-get install -y --no-install-recommends ${debianPackage}`,
  );
}

/**
 * Finds a free port below the range that Linux assigns to clients: otherwise a client that reconnects to a stopped server
 * could be assigned the server's port and connect to itself.
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
