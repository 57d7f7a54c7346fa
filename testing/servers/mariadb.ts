import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';
import { freePort, locate, newFolder } from './process.ts';
import { type Server, startServer } from './server.ts';

export { freePort };

/** A real MariaDB for one test, on a free loopback port, with an empty database and its user. */
export interface Mariadb extends Server {
  /** The environment variables for TheAPP. */
  environment: Record<string, string>;
  socket: string;
  /** A connection as root, which the caller closes. It uses the Unix socket, so `cut` does not affect it. */
  root(): Promise<Connection>;
}

export interface MariadbOptions {
  address?: string;
  /** Other addresses that `cut` includes. */
  links?: string[];
  /** Additional options of mariadbd. */
  args?: string[];
}

/** Takes 1 to 3 seconds, mostly to create the system tables. */
export async function startMariadb(options: MariadbOptions = {}): Promise<Mariadb> {
  const mariadb = await startEmptyMariadb(options);
  await runAsRoot(mariadb, makeDatabase);
  return mariadb;
}

/** Without the database and its user, which a replica gets from its primary. */
export async function startEmptyMariadb(options: MariadbOptions): Promise<Mariadb> {
  const { address = '127.0.0.1', links = [], args = [] } = options;
  const [folder, port] = [await newFolder('mariadb'), await freePort(address)];
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')];
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  // Temporary tables are named after the process id, which is not unique across containers: use a separate folder.
  const common = ['--no-defaults', `--datadir=${data}`, `--tmpdir=${folder}`, ...small, ...user];
  await promisify(execFile)(locate('mariadb-install-db', 'mariadb-server'), [
    ...common,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const root = () => createConnection({ socketPath: socket, user: 'root', multipleStatements: true });
  const server = await startServer({
    program: ['mariadbd', 'mariadb-server'],
    args: [...common, `--socket=${socket}`, `--port=${port}`, `--bind-address=${address}`, ...args],
    folder,
    address,
    port,
    links,
    ready: async () => (await root()).end(),
  });
  const environment = { MYSQL_HOST: address, MYSQL_PORT: String(port), MYSQL_PASS: 'theapp-pass' };
  return { ...server, environment, socket, root };
}

/** Runs several statements as root. */
export async function runAsRoot(mariadb: Mariadb, sql: string) {
  const connection = await mariadb.root();
  await connection.query(sql).finally(() => connection.end());
}

/** Minimal memory and disk writes. With the value 2, data survives a killed server but not a machine that loses power. */
const small = [
  '--innodb-buffer-pool-size=16M',
  '--innodb-log-file-size=4M',
  '--innodb-flush-log-at-trx-commit=2',
  '--skip-name-resolve',
];

const makeDatabase = `CREATE DATABASE theapp;
  CREATE USER theapp@'127.0.0.1' IDENTIFIED BY 'theapp-pass';
  GRANT ALL ON theapp.* TO theapp@'127.0.0.1'`;
