import type { ConnectionOptions, ResultSetHeader, RowDataPacket } from 'mysql2';
import type { Config } from '../settings.ts';
import { createBreaker, noopObserver, type Observer } from './breaker.ts';
import { coalesce } from './coalesce.ts';
import { type Address, connectionOptions, isDown } from './mysql.ts';
import { openPool, type PoolState, type Value } from './pool.ts';
import { Unavailable } from './unavailable.ts';

export type { PoolState, Value };

/** The server that a result comes from. A result from the replica may be stale: it must not be cached. */
export type Source = 'primary' | 'replica';

/**
 * TheAPP's only access to MySQL. Every query has a deadline, which includes the wait for a connection, and throws
 * Unavailable when it misses the deadline. An error that MySQL reports about the statement is thrown unchanged.
 */
export interface Database {
  /** Runs a prepared statement on the primary within `milliseconds` (default MYSQL_TIMEOUT_MS). */
  query(sql: string, values?: Value[], milliseconds?: number): Promise<RowDataPacket[]>;
  /**
   * Rows that may be slightly stale: from the replica if there is one and it responds, otherwise from the primary.
   * `fresh`: current rows from the primary; from the replica only while the primary does not respond.
   * Simultaneous identical reads are coalesced and share the rows: do not modify them.
   */
  read(sql: string, values?: Value[], options?: { fresh?: boolean }): Promise<RowDataPacket[]>;
  /** Same as `read`, and also returns the server that the rows come from. */
  readFrom(
    sql: string,
    values?: Value[],
    options?: { fresh?: boolean },
  ): Promise<{ rows: RowDataPacket[]; from: Source }>;
  /** Changes data on the primary and never retries. Unavailable after sending means that the outcome is unknown. */
  write(sql: string, values?: Value[]): Promise<ResultSetHeader>;
  pools(): PoolState[];
  close(): Promise<void>;
}

export function openDatabase(config: Config, observer: Observer = noopObserver): Database {
  const { MYSQL_REPLICA_HOST: host, MYSQL_REPLICA_PORT: port } = config;
  const open = (name: string, address?: Address) =>
    openServer(name, connectionOptions(config, address), config, observer);
  const primary = open('mysql');
  const replica = host ? open('mysql-replica', { host, port }) : undefined;
  const rowsOf = async (from: Source, sql: string, values?: Value[]) => {
    const server = from === 'replica' && replica ? replica : primary;
    return { rows: await server.execute<RowDataPacket[]>(sql, values), from };
  };
  const readNow = async (sql: string, values: Value[] | undefined, fresh: boolean) => {
    if (!replica) return rowsOf('primary', sql, values);
    try {
      return await rowsOf(fresh ? 'primary' : 'replica', sql, values);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return rowsOf(fresh ? 'replica' : 'primary', sql, values);
    }
  };
  const shared = coalesce<Awaited<ReturnType<typeof rowsOf>>>();
  const readFrom: Database['readFrom'] = (sql, values, { fresh = false } = {}) =>
    shared(`${fresh} ${sql} ${JSON.stringify(values)}`, () => readNow(sql, values, fresh));
  const servers = replica ? [primary, replica] : [primary];
  return {
    query: (sql, values, milliseconds) => primary.execute(sql, values, milliseconds),
    read: async (sql, values, options) => (await readFrom(sql, values, options)).rows,
    readFrom,
    write: (sql, values) => primary.execute<ResultSetHeader>(sql, values),
    pools: () => servers.map(({ pool }) => pool.state()),
    close: async () => void (await Promise.all(servers.map(({ pool }) => pool.close()))),
  };
}

/** A pool behind a breaker. When the breaker opens, the existing connections are dead and are replaced. */
function openServer(name: string, server: ConnectionOptions, config: Config, observer: Observer) {
  const { MYSQL_CONNECTIONS: connections, MYSQL_QUEUE: queue, MYSQL_TIMEOUT_MS } = config;
  const pool = openPool(name, { server, connections, queue });
  const protect = createBreaker(name, observer, { isDown, onOpen: () => pool.replaceAll() });
  const execute = <T extends RowDataPacket[] | ResultSetHeader>(
    sql: string,
    values: Value[] = [],
    milliseconds = MYSQL_TIMEOUT_MS,
  ) => protect(() => pool.execute<T>(sql, values, milliseconds));
  return { execute, pool };
}
