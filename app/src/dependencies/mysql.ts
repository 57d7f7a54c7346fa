import type { ConnectionOptions } from 'mysql2';
import type { Config } from '../settings.ts';
import { Unavailable } from './unavailable.ts';

/** How long the handshake with MySQL may take; also how long a dead server can keep a place in the pool. */
const connectTimeout = 2000;

export type Address = { socketPath: string } | { host: string; port: number };

/** Who asks and where, the primary unless told otherwise, for a pool and for a single connection alike. */
export function connectionOptions(config: Config, address = primary(config)): ConnectionOptions {
  return {
    ...address,
    user: config.MYSQL_USER,
    password: config.MYSQL_PASS ?? '',
    database: config.MYSQL_DATABASE,
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout,
    enableKeepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
}

function primary({ MYSQL_SOCKET: socketPath, MYSQL_HOST: host, MYSQL_PORT: port }: Config): Address {
  return socketPath ? { socketPath } : { host, port };
}

/** What MySQL or the network called the failure: `ECONNREFUSED`, `ER_ACCESS_DENIED_ERROR`, … */
export function errorCode(error: unknown): string {
  if (error instanceof Error && error.message === 'Queue limit reached.') return 'QUEUE_FULL';
  return error instanceof Error && 'code' in error && error.code ? String(error.code) : 'UNKNOWN';
}

/** mysql2 marks what the connection does not survive as fatal. */
export type MysqlError = Error & { fatal?: boolean };

/** Says of a server that it is a replica, or was made one: its connections lead to the wrong place. */
export const isReadOnly = (error: MysqlError) => readOnly.has(errorCode(error));

const readOnly = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
]);

/** Answers that say "not now", not "the statement is wrong", of a server that is there. */
const transient = new Set([
  ...readOnly,
  'QUEUE_FULL',
  'ER_NO_SUCH_TABLE',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_QUERY_INTERRUPTED',
  'ER_DISK_FULL',
]);

/** Unavailable, unless MySQL says that the statement is wrong. Without a connection nothing was said of it. */
export function asUnavailable(dependency: string, error: MysqlError, connected: boolean): Error {
  const code = errorCode(error);
  const wrong = connected && !error.fatal && code !== 'ER_SERVER_SHUTDOWN' && !transient.has(code);
  return wrong ? error : new Unavailable(dependency, code, error.message || code, error);
}

/** Whether the server is not there, or does not answer. */
export const isDown = (error: unknown) => error instanceof Unavailable && !transient.has(error.code);
