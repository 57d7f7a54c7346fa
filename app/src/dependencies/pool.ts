import type { PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2';
import { type ConnectionsOptions, openConnections } from './connections.ts';
import { afterDeadline } from './deadline.ts';
import { asUnavailable, isReadOnly, type MysqlError } from './mysql.ts';
import { Unavailable } from './unavailable.ts';

/** A value for a `?` placeholder of a statement. */
export type Value = string | number | Date | null;

/** The connections of a pool, and the requests that wait for one. */
export interface PoolState {
  pool: string;
  open: number;
  idle: number;
  waiting: number;
}

/** Connections to one MySQL server. */
export interface Pool {
  /**
   * Runs a prepared statement. Throws Unavailable when there is no result within `milliseconds`, which include the wait
   * for a connection. If the statement was already sent, a write may have been applied nevertheless.
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

/** The shortest time between two replacements of all connections to a read-only server, in milliseconds. */
const replaceInterval = 1000;

export function openPool(name: string, options: ConnectionsOptions): Pool {
  const connections = openConnections(options);
  let waiting = 0;
  let replacedAt = 0;
  const release = (connection: PoolConnection, error: MysqlError | null) => {
    if (!error) return connections.release(connection);
    if (!error.fatal && !isReadOnly(error)) return connections.release(connection);
    connections.destroy(connection);
    // The primary failed over: all other connections lead to the wrong server as well.
    if (!isReadOnly(error) || Date.now() - replacedAt < replaceInterval) return;
    replacedAt = Date.now();
    connections.replaceAll();
  };
  return {
    /**
     * mysql2's own `timeout` starts when the statement is sent, so it covers neither the wait for a free connection
     * nor the preparation of the statement, and it leaves the unresponsive connection in the pool. This deadline covers
     * everything and destroys that connection, so that no other request waits on it.
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
          reject(new Unavailable(name, 'TIMEOUT', `no response in ${milliseconds} ms`));
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
          const onResult = (error: MysqlError | null, result: T) => {
            if (late) return;
            release(acquired, error);
            if (error) return fail(error);
            cancel();
            resolve(result);
          };
          try {
            acquired.execute<T>(sql, values, onResult);
          } catch (error) {
            // mysql2 throws on a value that it cannot bind, such as undefined; no caller would catch it here.
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
