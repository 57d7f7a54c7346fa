import type { Logger } from '../log.ts';
import type { Config } from '../settings.ts';
import type { Observer } from './breaker.ts';
import { type Database, openDatabase } from './database.ts';
import { type Counts, openCounts } from './memcached.ts';
import { openStore, type Store } from './redis.ts';

export type { Observer } from './breaker.ts';
export type { Database, PoolState, Source, Value } from './database.ts';
export type { Counts } from './memcached.ts';
export type { Peers } from './peers.ts';
export type { Store } from './redis.ts';
export { Unavailable } from './unavailable.ts';

/** The external servers that the services use. */
export interface Dependencies {
  /** MySQL: a primary and an optional replica. */
  database: Database;
  /** Redis. */
  store: Store;
  /** Memcached. */
  counts: Counts;
}

/** Connects on demand and reconnects after failures: none of them has to be up. */
export function openDependencies(
  config: Config,
  observer: Observer,
  log: Logger,
): Dependencies & { close(): Promise<void> } {
  const database = openDatabase(config, observer);
  const store = openStore(config, observer, log);
  const counts = openCounts(config, observer);
  const close = async () => {
    await Promise.all([database, store, counts].map((dependency) => dependency.close()));
  };
  return { database, store, counts, close };
}
