import type { ConnectionOptions } from 'mysql2';
import type { Config } from '../settings.ts';
import { Unavailable } from './unavailable.ts';

/** How long the handshake may take, and so how long a dead server can occupy a slot of the pool. */
const connectTimeout = 2000;

export type Address = { socketPath: string } | { host: string; port: number };

/** Credentials and address, by default of the primary, for a pool or a single connection. */
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

/** The error code of MySQL or of the network: `ECONNREFUSED`, `ER_ACCESS_DENIED_ERROR`, … */
export function errorCode(error: unknown): string {
  if (error instanceof Error && error.message === 'Queue limit reached.') return 'QUEUE_FULL';
  return error instanceof Error && 'code' in error && error.code ? String(error.code) : 'UNKNOWN';
}

/** mysql2 sets `fatal` when the connection is unusable after the error. */
export type MysqlError = Error & { fatal?: boolean };

/** Whether the server reports that it is read-only, and so is a replica: the connections lead to the wrong server. */
export const isReadOnly = (error: MysqlError) => readOnly.has(errorCode(error));

const readOnly = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
]);

/** Errors of a server that is up and cannot run the statement now; the statement itself is valid. */
const transient = new Set([
  ...readOnly,
  'QUEUE_FULL',
  'ER_NO_SUCH_TABLE',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_QUERY_INTERRUPTED',
  'ER_DISK_FULL',
]);

/** Converts an error to Unavailable, unless MySQL rejects the statement itself, which needs a connection. */
export function asUnavailable(dependency: string, error: MysqlError, connected: boolean): Error {
  const code = errorCode(error);
  const wrong = connected && !error.fatal && code !== 'ER_SERVER_SHUTDOWN' && !transient.has(code);
  return wrong ? error : new Unavailable(dependency, code, error.message || code, error);
}

/** Whether the server cannot be reached or does not respond. */
export const isDown = (error: unknown) => error instanceof Unavailable && !transient.has(error.code);
