import type { ConnectionOptions, ResultSetHeader, RowDataPacket } from 'mysql2';
import type { Config } from '../settings.ts';
import { createBreaker, noopObserver, type Observer } from './breaker.ts';
import { coalesce } from './coalesce.ts';
import { type Address, connectionOptions, isDown } from './mysql.ts';
import { openPool, type PoolState, type Value } from './pool.ts';
import { Unavailable } from './unavailable.ts';

export type { PoolState, Value };

/** Which server an answer comes from. What the replica says may be old: it must not be cached. */
export type Source = 'primary' | 'replica';

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
   * Who asks the same at the same moment is given the same rows: they are not to be changed.
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

/** A pool behind a breaker: when it opens, what connections there are lead nowhere. */
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
