import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { failure } from '../../provision/errors.ts';
import { shown } from '../../provision/input/load.ts';
import { isFree } from '../../provision/machines/qemu/ports.ts';
import { locate, missing } from '../../provision/machines/qemu/programs.ts';
import { reveal } from '../../provision/shell/secret.ts';
import { type Means, type Name, names, type Passwords } from './servers.ts';

/** Where one server keeps what it needs, and who it is. */
interface Place {
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly passwords: Passwords;
}

interface Recipe {
  /** The programs it takes, the server first, and the package of Debian and Ubuntu that has them. */
  readonly programs: readonly [string, ...string[]];
  readonly package: string;
  /** Writes what the server reads, and answers the words of its command. */
  prepare(place: Place): Promise<string[]>;
}

const root = process.getuid?.() === 0;

const recipes: Record<Name, Recipe> = {
  mariadb: {
    programs: ['mariadbd', 'mariadb-install-db'],
    package: 'mariadb-server',
    async prepare({ folder, data, port, passwords }) {
      const common = ['--no-defaults', `--datadir=${data}`, ...(root ? ['--user=root'] : [])];
      if (!existsSync(join(data, 'mysql'))) await makeTables(common);
      const sql = join(folder, 'start.sql');
      writeFileSync(sql, startSql(reveal(passwords.mysql)), { mode: 0o600 });
      // A path of a socket may have 107 characters.
      const socket = join(tmpdir(), `theapp-${port}.socket`);
      const place = ['--bind-address=127.0.0.1', `--port=${port}`, `--socket=${socket}`];
      return [...common, ...place, '--skip-name-resolve', `--init-file=${sql}`];
    },
  },
  redis: {
    programs: ['redis-server'],
    package: 'redis-server',
    async prepare({ folder, data, port, passwords }) {
      const file = join(folder, 'redis.conf');
      const lines = [
        `bind 127.0.0.1\nport ${port}\ndir "${data}"`,
        `requirepass ${reveal(passwords.redis)}`,
        'appendonly yes\nsave ""\nmaxmemory 64mb\nmaxmemory-policy volatile-lru\n',
      ];
      writeFileSync(file, lines.join('\n'), { mode: 0o600 });
      return [file];
    },
  },
  memcached: {
    programs: ['memcached'],
    package: 'memcached',
    prepare: async ({ port }) => [
      '-l',
      '127.0.0.1',
      '-p',
      `${port}`,
      '-U',
      '0',
      ...(root ? ['-u', 'root'] : []),
    ],
  },
};

interface Running {
  readonly pid: number;
  readonly port: number;
}

/** Servers of this computer's own packages, each on a free loopback port, with all they have under `base`. */
export function installed(base: string): Means {
  const folderOf = (name: Name) => join(base, name);
  const dataOf = (name: Name) => join(folderOf(name), 'data');
  const server = (name: Name, { pid, port }: Running) => {
    const program = locate(recipes[name].programs[0]);
    return { name, port, by: `${program}, process ${pid}, data in ${shown(dataOf(name))}` };
  };
  const find = async (name: Name) => {
    const running = processOf(folderOf(name), dataOf(name));
    return running && server(name, running);
  };
  return {
    find,
    async obstacle() {
      const programs = names.flatMap((name) =>
        recipes[name].programs.map((program) => ({ name: program, package: recipes[name].package })),
      );
      const absent = missing(programs).map((program) => program.name);
      return absent.length === 0
        ? undefined
        : `${absent.join(', ')} ${absent.length > 1 ? 'are' : 'is'} not installed`;
    },
    async start(name, passwords) {
      const [folder, data] = [folderOf(name), dataOf(name)];
      mkdirSync(data, { recursive: true, mode: 0o700 });
      const port = await freePort();
      const words = await recipes[name].prepare({ folder, data, port, passwords });
      const log = openSync(join(folder, 'log'), 'w', 0o600);
      const program = locate(recipes[name].programs[0]) ?? '';
      const child = spawn(program, words, { cwd: data, detached: true, stdio: ['ignore', log, log] });
      closeSync(log);
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      child.unref();
      const running = { pid: child.pid ?? 0, port };
      writeFileSync(join(folder, 'server.json'), JSON.stringify(running));
      return server(name, running);
    },
    async stop(name) {
      const [folder, data] = [folderOf(name), dataOf(name)];
      const found = processOf(folder, data);
      if (!found) return false;
      process.kill(found.pid, 'SIGTERM');
      for (const end = Date.now() + 60_000; processOf(folder, data); await sleep(50))
        if (Date.now() > end) throw failure({ place: name, what: `process ${found.pid} does not end` });
      return true;
    },
    log: async (name) => readFileSync(join(folderOf(name), 'log'), 'utf8'),
    purge: async (name) => rmSync(folderOf(name), { recursive: true, force: true }),
  };
}

/** The process that was started, when it still runs: a number that another process was given has another folder. */
function processOf(folder: string, data: string): Running | undefined {
  try {
    const { pid, port } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
    return readlinkSync(`/proc/${pid}/cwd`) === data ? { pid, port } : undefined;
  } catch {
    return undefined;
  }
}

/** The system tables; root may come in by the socket only, and as who runs this. */
async function makeTables(common: readonly string[]): Promise<void> {
  const words = [
    '--auth-root-authentication-method=socket',
    `--auth-root-socket-user=${userInfo().username}`,
  ];
  const made = await execa(locate('mariadb-install-db') ?? '', [...common, ...words, '--skip-test-db'], {
    reject: false,
    all: true,
  });
  if (made.exitCode === 0) return;
  throw failure({ place: 'mariadb', what: 'its system tables cannot be made', said: made.all ?? '' });
}

/** Runs at each start, before anybody is let in. */
const startSql = (password: string) => `CREATE DATABASE IF NOT EXISTS theapp;
CREATE OR REPLACE USER theapp@'127.0.0.1' IDENTIFIED BY '${password}';
GRANT ALL ON theapp.* TO theapp@'127.0.0.1';
`;

/** Below the ports that Linux gives to clients, so that none is given away while a server starts. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await isFree(port)) return port;
  }
}
