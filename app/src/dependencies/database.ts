import { createPool, type Pool, type PoolConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2';
import type { Config } from '../settings.ts';
import { connectionOptions, errorCode } from './mysql.ts';
import { Unavailable } from './unavailable.ts';

/** A value that a `?` of a statement can stand for. */
export type Value = string | number | Date | null;

/** Which server an answer comes from. What the replica says may be old: it must not be cached. */
export type Source = 'primary' | 'replica';

/** Connections of a pool, and requests that wait for one. */
export interface PoolState {
  pool: 'mysql' | 'mysql-replica';
  open: number;
  idle: number;
  waiting: number;
}

/**
 * TheAPP's one way to MySQL. Every question has a deadline, the wait for a connection included, and throws
 * Unavailable when it cannot be answered in time; what MySQL says of a wrong statement is thrown as it is.
 */
export interface Database {
  /** The rows of a prepared statement, from the primary, within `milliseconds` (MYSQL_TIMEOUT_MS). */
  query(sql: string, values?: Value[], milliseconds?: number): Promise<RowDataPacket[]>;
  /**
   * Rows that may be a little old: from the replica when there is one and it answers, else from the primary.
   * `fresh`: as they are now, from the primary; from the replica only while the primary does not answer.
   */
  read(sql: string, values?: Value[], options?: { fresh?: boolean }): Promise<RowDataPacket[]>;
  /** The same, and which server they come from. */
  readFrom(
    sql: string,
    values?: Value[],
    options?: { fresh?: boolean },
  ): Promise<{ rows: RowDataPacket[]; from: Source }>;
  /** Changes data on the primary, never twice: Unavailable after sending means that the outcome is not known. */
  write(sql: string, values?: Value[]): Promise<ResultSetHeader>;
  pools(): PoolState[];
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
  const query: Database['query'] = (sql, values = [], milliseconds = config.MYSQL_TIMEOUT_MS) =>
    ask(pool, { sql, values }, milliseconds);
  return {
    query,
    read: (sql, values) => query(sql, values),
    readFrom: async (sql, values) => ({ rows: await query(sql, values), from: 'primary' }),
    write: (sql, values = []) => ask(pool, { sql, values }, config.MYSQL_TIMEOUT_MS),
    pools: () => [],
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
function ask<T extends RowDataPacket[] | ResultSetHeader>(
  pool: Pool,
  statement: { sql: string; values: Value[] },
  milliseconds: number,
) {
  return new Promise<T>((resolve, reject) => {
    let connection: PoolConnection | undefined;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      connection?.destroy();
      reject(new Unavailable('mysql', 'TIMEOUT', `no answer in ${milliseconds} ms`));
    }, milliseconds);
    const fail = (error: Failure) => {
      clearTimeout(timer);
      reject(asUnavailable(error, connection === undefined));
    };
    pool.getConnection((error, free) => {
      if (late) return error ?? free.release();
      if (error) return fail(error);
      connection = free;
      free.execute<T>(statement, (error, result) => {
        if (late) return;
        giveBack(free, error);
        if (error) return fail(error);
        clearTimeout(timer);
        resolve(result);
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
