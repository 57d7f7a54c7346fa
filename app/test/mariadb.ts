import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';

/** A real MariaDB of the test's own, on a free loopback port, with an empty database and a user for it. */
export interface Mariadb {
  /** What TheAPP needs in its environment to use it. */
  environment: Record<string, string>;
  socket: string;
  /** A connection as root, which the caller ends. */
  root(): Promise<Connection>;
  /** Starts it again on the same port with the same data after `kill`. */
  start(): Promise<void>;
  /** SIGKILL, as a machine that loses power. */
  kill(): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections, nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Takes 1 to 3 seconds, most of them for the system tables. */
export async function startMariadb(): Promise<Mariadb> {
  const [mariadbd, install] = [program('mariadbd'), program('mariadb-install-db')];
  const folder = await mkdtemp(join(tmpdir(), 'theapp-mariadb-'));
  const [data, socket, port] = [join(folder, 'data'), join(folder, 'socket'), await freePort()];
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  await run(install, [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...small,
    ...user,
  ]);
  const words = [
    '--no-defaults',
    `--datadir=${data}`,
    `--socket=${socket}`,
    `--port=${port}`,
    ...small,
    ...user,
  ];
  let server = launch(mariadbd, words);
  const root = () => createConnection({ socketPath: socket, user: 'root', multipleStatements: true });
  await ready(root);
  await makeDatabase(root);
  return {
    environment: { MYSQL_PORT: String(port), MYSQL_PASS: 'theapp-pass' },
    socket,
    root,
    async start() {
      server = launch(mariadbd, words);
      await ready(root);
    },
    kill: () => server.end('SIGKILL'),
    pause: () => server.pause(),
    resume: () => void server.child.kill('SIGCONT'),
    async stop() {
      await server.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Least memory and writing: the data outlives a killed server (hence the 2), but not a machine that stops. */
const small = [
  '--innodb-buffer-pool-size=16M',
  '--innodb-log-file-size=4M',
  '--innodb-flush-log-at-trx-commit=2',
  '--skip-log-bin',
  '--skip-name-resolve',
  '--bind-address=127.0.0.1',
];

function program(name: string): string {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const file = places.map((place) => join(place, name)).find((path) => existsSync(path));
  if (file) return file;
  throw new Error(
    `${name} is missing: the tests of TheAPP start a MariaDB of their own\n` +
      '  → sudo apt-get install -y --no-install-recommends mariadb-server',
  );
}

function launch(file: string, words: string[]) {
  const child = spawn(file, words, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lastResort = () => child.kill('SIGKILL');
  process.once('exit', lastResort);
  return {
    child,
    async pause() {
      child.kill('SIGSTOP');
      while (!(await everyThreadStopped(child.pid))) await sleep(5);
    },
    async end(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
      process.removeListener('exit', lastResort);
    },
  };
}

/** A signal stops the threads of a process one by one, and any of them could still answer (proc(5)). */
async function everyThreadStopped(pid = 0): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')));
  return stats.every((stat) => /\) T /.test(stat));
}

async function ready(root: () => Promise<Connection>) {
  for (const end = Date.now() + 20_000; ; await sleep(50)) {
    try {
      return await (await root()).end();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

async function makeDatabase(root: () => Promise<Connection>) {
  const connection = await root();
  await connection.query(`CREATE DATABASE theapp;
    CREATE USER theapp@'127.0.0.1' IDENTIFIED BY 'theapp-pass';
    GRANT ALL ON theapp.* TO theapp@'127.0.0.1'`);
  await connection.end();
}

/** A port that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
