import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { connectionOptions, errorCode } from '../dependencies/mysql.ts';
import { Unavailable } from '../dependencies/unavailable.ts';
import type { Config } from '../settings.ts';

/**
 * Runs `work` on a connection that holds the migration lock of this database, so that only one of several processes
 * migrates at a time. The lock is MySQL's GET_LOCK: it is released with the connection, so a process that dies does not
 * keep it. MIGRATE_SECONDS limits the wait for the server and for the lock.
 */
export async function withMigrationLock<T>(config: Config, work: (connection: Connection) => Promise<T>) {
  const deadline = Date.now() + config.MIGRATE_SECONDS * 1000;
  const connection = await connect(config, deadline);
  try {
    await lock(connection, config.MYSQL_DATABASE, deadline);
    return await work(connection);
  } finally {
    connection.destroy();
  }
}

/** Errors while the server is starting, which are worth waiting for; any other error is permanent. */
const starting = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'ENOENT',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
]);

async function connect(config: Config, deadline: number): Promise<Connection> {
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    try {
      return await createConnection({ ...connectionOptions(config), multipleStatements: true });
    } catch (error) {
      const code = errorCode(error);
      const message = error instanceof Error && error.message ? error.message : code;
      if (!starting.has(code) || Date.now() + pause > deadline)
        throw new Unavailable('mysql', code, message, error);
    }
    await sleep(pause);
  }
}

async function lock(connection: Connection, database: string, deadline: number) {
  const seconds = Math.max(0, Math.ceil((deadline - Date.now()) / 1000));
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS held', [
    lockName(database),
    seconds,
  ]);
  if (rows[0]?.held !== 1)
    throw new Unavailable(
      'mysql',
      'TIMEOUT',
      `another migration has been holding the lock for over ${seconds} s`,
    );
}

/** Lock names are global to the server and have at most 64 characters. */
function lockName(database: string): string {
  return `theapp-migrate-${createHash('sha256').update(database).digest('hex').slice(0, 16)}`;
}
