import type { PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2';
import { type ConnectionsOptions, openConnections } from './connections.ts';
import { afterDeadline } from './deadline.ts';
import { asUnavailable, isReadOnly, type MysqlError } from './mysql.ts';
import { Unavailable } from './unavailable.ts';

/** A value that a `?` of a statement can stand for. */
export type Value = string | number | Date | null;

/** Connections of a pool, and requests that wait for one. */
export interface PoolState {
  pool: string;
  open: number;
  idle: number;
  waiting: number;
}

/** One MySQL server, to be asked over some connections. */
export interface Pool {
  /**
   * What the server answers to a prepared statement. Throws Unavailable when it does not within `milliseconds`,
   * the wait for a connection included; after sending, a write may have been done all the same.
   */
  execute<T extends RowDataPacket[] | ResultSetHeader>(
    sql: string,
    values: Value[],
    milliseconds: number,
  ): Promise<T>;
  /** Replaces all connections. */
  replaceAll(): void;
  state(): PoolState;
  close(): Promise<void>;
}

/** How often connections are replaced because the server says that it is read-only, in milliseconds. */
const waitMilliseconds = 1000;

export function openPool(name: string, options: ConnectionsOptions): Pool {
  const connections = openConnections(options);
  let waiting = 0;
  let replacedAt = 0;
  const release = (connection: PoolConnection, error: MysqlError | null) => {
    if (!error) return connections.release(connection);
    if (!error.fatal && !isReadOnly(error)) return connections.release(connection);
    connections.destroy(connection);
    // A primary that failed over: all others lead to the wrong place as well.
    if (!isReadOnly(error) || Date.now() - replacedAt < waitMilliseconds) return;
    replacedAt = Date.now();
    connections.replaceAll();
  };
  return {
    /**
     * mysql2's own `timeout` starts when the statement is sent, so it covers neither the wait for a free
     * connection nor the preparing of a statement, and it leaves the late connection in the pool. This one
     * covers all, and a connection that did not answer is destroyed: nobody else shall wait on it.
     */
    execute: <T extends RowDataPacket[] | ResultSetHeader>(
      sql: string,
      values: Value[],
      milliseconds: number,
    ) =>
      new Promise<T>((resolve, reject) => {
        let connection: PoolConnection | undefined;
        let late = false;
        const cancel = afterDeadline(milliseconds, () => {
          late = true;
          if (connection) connections.destroy(connection);
          reject(new Unavailable(name, 'TIMEOUT', `no answer in ${milliseconds} ms`));
        });
        const fail = (error: MysqlError) => {
          cancel();
          reject(asUnavailable(name, error, connection !== undefined));
        };
        waiting++;
        connections.acquire((error, acquired) => {
          waiting--;
          if (late) return error ?? connections.release(acquired);
          if (error) return fail(error);
          connection = acquired;
          const answer = (error: MysqlError | null, result: T) => {
            if (late) return;
            release(acquired, error);
            if (error) return fail(error);
            cancel();
            resolve(result);
          };
          try {
            acquired.execute<T>(sql, values, answer);
          } catch (error) {
            // A value that MySQL cannot take, such as undefined, which nobody above would catch.
            connections.release(acquired);
            cancel();
            reject(error);
          }
        });
      }),
    replaceAll: () => connections.replaceAll(),
    state: () => ({ pool: name, open: connections.open(), idle: connections.idle(), waiting }),
    close: () => connections.close(),
  };
}
