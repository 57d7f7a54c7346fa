import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2';
import type { Config } from '../settings.ts';
import { connectionOptions, errorCode } from './mysql.ts';
import { Unavailable } from './unavailable.ts';

/** A value that a `?` of a statement can stand for. */
export type Value = string | number | Date | null;

/** TheAPP's one way to MySQL: every question has a deadline, the wait for a connection included. */
export interface Database {
  /** The rows of a prepared statement. Throws Unavailable, within `milliseconds`, when MySQL cannot answer. */
  query(sql: string, values?: Value[], milliseconds?: number): Promise<RowDataPacket[]>;
  close(): Promise<void>;
}

export function openDatabase(config: Config): Database {
  const pool = createPool({
    ...connectionOptions(config),
    connectionLimit: config.MYSQL_CONNECTIONS,
    queueLimit: config.MYSQL_QUEUE,
    // A minute is well below the wait_timeout of any server (28,800 s by default, often cut to minutes).
    maxIdle: Math.min(2, config.MYSQL_CONNECTIONS),
    idleTimeout: 60_000,
  });
  return {
    query: (sql, values = [], milliseconds = config.MYSQL_TIMEOUT_MS) =>
      ask(pool, { sql, values }, milliseconds),
    close: () => closePool(pool),
  };
}

/** Says goodbye to MySQL, but does not wait for a server that is not there to hear it. */
function closePool(pool: Pool) {
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 1000);
    pool.end(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * mysql2's own `timeout` starts when the statement is sent, so it covers neither the wait for a free
 * connection nor the preparing of a statement, and it leaves the late connection in the pool. This one
 * covers all, and a connection that did not answer is destroyed: nobody else shall wait on it.
 */
function ask(pool: Pool, statement: { sql: string; values: Value[] }, milliseconds: number) {
  return new Promise<RowDataPacket[]>((resolve, reject) => {
    let connection: PoolConnection | undefined;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      connection?.destroy();
      reject(new Unavailable('mysql', 'TIMEOUT', `no answer in ${milliseconds} ms`));
    }, milliseconds);
    const settle = (error: Failure | null, rows: RowDataPacket[]) => {
      clearTimeout(timer);
      if (error) reject(asUnavailable(error, connection === undefined));
      else resolve(rows);
    };
    pool.getConnection((error, free) => {
      if (late) return error ?? free.release();
      if (error) return settle(error, []);
      connection = free;
      free.execute<RowDataPacket[]>(statement, (error, rows) => {
        if (late) return;
        giveBack(free, error);
        settle(error, rows);
      });
    });
  });
}

/** mysql2 marks what the connection does not survive as fatal. */
type Failure = Error & { fatal?: boolean };

/** A server that turned read-only is a primary that failed over: its connections lead to the wrong place. */
function giveBack(connection: PoolConnection, error: Failure | null) {
  if (error?.fatal || readOnly.has(errorCode(error))) connection.destroy();
  else connection.release();
}

const readOnly = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
]);

/** Answers that say "not now", not "the statement is wrong". */
const notNow = new Set([
  ...readOnly,
  'ER_NO_SUCH_TABLE',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_QUERY_INTERRUPTED',
  'ER_SERVER_SHUTDOWN',
  'ER_DISK_FULL',
]);

function asUnavailable(error: Failure, beforeAsking: boolean): Error {
  const code = errorCode(error);
  if (!beforeAsking && !error.fatal && !notNow.has(code)) return error;
  return new Unavailable('mysql', code, error.message || code, error);
}
