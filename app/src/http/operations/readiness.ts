import {
  type Database,
  type Dependencies,
  type Store,
  Unavailable,
} from '../../dependencies/dependencies.ts';
import { appliedSql, countPending, type Migration } from '../../schema/migrations.ts';
import type { Config } from '../../settings.ts';
import type { Check } from './health.ts';

/**
 * The checks of `/readyz`. Without MySQL and its schema TheAPP is not ready. Redis and Memcached only degrade it:
 * otherwise one stopped cache would take down all replicas of TheAPP, with the services that use neither.
 */
export function readinessChecks(
  dependencies: Dependencies,
  migrations: Migration[],
  config: Config,
): Check[] {
  const { database, store, counts } = dependencies;
  const milliseconds = config.READY_TIMEOUT_MS;
  const replicated = config.MYSQL_REPLICA_HOST !== undefined;
  return [
    schemaCheck(database, migrations, milliseconds, replicated),
    ...(replicated ? [replicaCheck(database)] : []),
    optionalCheck('redis', config.REDIS_TIMEOUT_MS, () => store.ping()),
    peersCheck(store),
    optionalCheck('memcached', config.MEMCACHED_TIMEOUT_MS, () => counts.increment('readyz')),
  ];
}

/** One query checks both that MySQL responds and that the schema is the one of this release. */
function schemaCheck(
  database: Database,
  migrations: Migration[],
  milliseconds: number,
  replicated: boolean,
): Check {
  return async () => {
    try {
      const pending = await countPending(database, migrations, milliseconds);
      if (pending === 0) return undefined;
      return {
        message: `schema: ${pending} of ${migrations.length} migrations not applied`,
        required: true,
      };
    } catch (error) {
      const message = `mysql: ${reason(error, milliseconds)}`;
      if (replicated && (await succeeds(() => database.read(appliedSql))))
        return { message: `${message}, reads come from the replica`, required: false };
      return { message, required: true };
    }
  };
}

/** Reads fall back to the primary: a result from the primary means that the replica does not respond. */
function replicaCheck(database: Database): Check {
  return async () => {
    const from = await database.readFrom('SELECT 1').catch(() => undefined);
    if (from === undefined || from.from === 'replica') return undefined;
    return { message: 'mysql-replica: not reachable, reads come from the primary', required: false };
  };
}

/** Another check reports a master that does not respond. */
function peersCheck(store: Store): Check {
  return async () => {
    const peers = await store.peers().catch(() => undefined);
    const few = Object.entries(peers ?? {}).filter(([, { up, of }]) => up < of);
    if (few.length === 0) return undefined;
    const message = few.map(([kind, { up, of }]) => `${up} of ${of} ${kind}`).join(', ');
    return { message: `redis-peers: ${message}`, required: false };
  };
}

function optionalCheck(name: string, milliseconds: number, probe: () => Promise<unknown>): Check {
  return async () => {
    try {
      await probe();
      return undefined;
    } catch (error) {
      return { message: `${name}: ${reason(error, milliseconds)}`, required: false };
    }
  };
}

const succeeds = (probe: () => Promise<unknown>) =>
  probe().then(
    () => true,
    () => false,
  );

function reason(error: unknown, milliseconds: number): string {
  const code = error instanceof Unavailable ? error.code : '';
  if (code === 'TIMEOUT') return `no response in ${milliseconds} ms`;
  if (/ACCESS|AUTH|WRONGPASS/.test(code)) return 'user or password refused';
  if (code === 'ER_BAD_DB_ERROR') return 'no such database';
  return 'not reachable';
}
