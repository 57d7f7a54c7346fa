import type { Database } from '../dependencies/database.ts';
import { Unavailable } from '../dependencies/unavailable.ts';
import type { Check } from '../http/health.ts';
import { countPending, type Migration } from './migrations.ts';

/** Readiness asks MySQL one question that says both that it answers and that the schema is this release's. */
export function schemaCheck(database: Database, migrations: Migration[], milliseconds: number): Check {
  return async () => {
    try {
      const pending = await countPending(database, migrations, milliseconds);
      return pending === 0 ? undefined : `schema: ${pending} of ${migrations.length} migrations not applied`;
    } catch (error) {
      return `mysql: ${words(error, milliseconds)}`;
    }
  };
}

function words(error: unknown, milliseconds: number): string {
  const code = error instanceof Unavailable ? error.code : '';
  if (code === 'TIMEOUT') return `no answer in ${milliseconds} ms`;
  if (/ACCESS|AUTH/.test(code)) return 'user or password refused';
  if (code === 'ER_BAD_DB_ERROR') return 'no such database';
  return 'not reachable';
}
