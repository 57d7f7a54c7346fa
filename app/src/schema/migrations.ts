import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../dependencies/database.ts';
import { Unavailable } from '../dependencies/unavailable.ts';

/** A migration: an idempotent SQL file, because MySQL cannot roll back DDL. */
export interface Migration {
  name: string;
  sql: string;
  sha256: string;
}

/** Reads the migrations of this release in the order of their names. */
export function readMigrations(folder: string): Migration[] {
  const names = readdirSync(join(folder, 'migrations')).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name) => {
    const sql = readFileSync(join(folder, 'migrations', name), 'utf8');
    return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * The number of migrations of this release that are not applied yet. Applied migrations that this release does not know
 * are ignored: they come from a newer release that was rolled back.
 */
export async function countPending(database: Database, migrations: Migration[], milliseconds: number) {
  const applied = await appliedNames(database, milliseconds);
  return migrations.filter(({ name }) => !applied.has(name)).length;
}

async function appliedNames(database: Database, milliseconds: number): Promise<Set<string>> {
  try {
    const rows = await database.query(appliedSql, [], milliseconds);
    return new Set(rows.map((row) => String(row.name)));
  } catch (error) {
    if (error instanceof Unavailable && error.code === 'ER_NO_SUCH_TABLE') return new Set();
    throw error;
  }
}

/** Lists the migrations that a server has applied. */
export const appliedSql = 'SELECT name FROM migrations';
