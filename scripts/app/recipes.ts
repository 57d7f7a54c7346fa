import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { locate } from '../../provision/computer/programs.ts';
import { failure, reveal } from '../../provision/index.ts';
import type { Name, Passwords } from './servers.ts';

/** Where one server keeps its files, its port and its passwords. */
export interface Place {
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly passwords: Passwords;
}

/** How to run a server from this computer's packages. */
export interface Recipe {
  /** The programs it needs, the server first, and the Debian or Ubuntu package that contains them. */
  readonly programs: readonly [string, ...string[]];
  readonly package: string;
  /** Writes the server's configuration and returns its arguments. */
  prepare(place: Place): Promise<string[]>;
}

const root = process.getuid?.() === 0;

/** No password is on a command line, which every user of the computer can read. */
export const recipes: Record<Name, Recipe> = {
  mariadb: {
    programs: ['mariadbd', 'mariadb-install-db'],
    package: 'mariadb-server',
    async prepare({ folder, data, port, passwords }) {
      const common = ['--no-defaults', `--datadir=${data}`, ...(root ? ['--user=root'] : [])];
      if (!existsSync(join(data, 'mysql'))) await makeTables(common);
      const sql = join(folder, 'start.sql');
      writeFileSync(sql, startSql(reveal(passwords.mysql)), { mode: 0o600 });
      // The path of a socket may have 107 characters.
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

/** Creates the system tables. The database's root logs in over the socket only, as the user who runs this. */
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
  throw failure({ place: 'mariadb', what: 'its system tables could not be created', said: made.all ?? '' });
}

/** Runs at each start, before MariaDB accepts connections. */
const startSql = (password: string) => `CREATE DATABASE IF NOT EXISTS theapp;
CREATE OR REPLACE USER theapp@'127.0.0.1' IDENTIFIED BY '${password}';
GRANT ALL ON theapp.* TO theapp@'127.0.0.1';
`;
