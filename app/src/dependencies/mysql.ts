import type { ConnectionOptions } from 'mysql2';
import type { Config } from '../settings.ts';

/** How long the handshake with MySQL may take; also how long a dead server can keep a place in the pool. */
const connectTimeout = 2000;

/** Where MySQL is and who asks, for a pool and for a single connection alike. */
export function connectionOptions(config: Config): ConnectionOptions {
  return {
    ...(config.MYSQL_SOCKET
      ? { socketPath: config.MYSQL_SOCKET }
      : { host: config.MYSQL_HOST, port: config.MYSQL_PORT }),
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

/** What MySQL or the network called the failure: `ECONNREFUSED`, `ER_ACCESS_DENIED_ERROR`, … */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && error.code ? String(error.code) : 'UNKNOWN';
}
