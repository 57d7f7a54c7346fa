import type { Database } from './database.ts';
import type { Counts } from './memcached.ts';
import type { Store } from './redis.ts';

export type { Database, PoolState, Source, Value } from './database.ts';
export type { Counts } from './memcached.ts';
export type { Store } from './redis.ts';
export { Unavailable } from './unavailable.ts';

/** Everything outside the process that the services use. */
export interface Dependencies {
  /** MySQL: a primary and maybe a replica. */
  database: Database;
  /** Redis. */
  store: Store;
  /** Memcached. */
  counts: Counts;
}
