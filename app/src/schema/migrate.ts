import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Umzug, type UmzugStorage } from 'umzug';
import type { Config } from '../settings.ts';
import { withMigrationLock } from './lock.ts';
import type { Migration } from './migrations.ts';

/** A migration file was changed after it was applied: the files no longer describe the schema. */
export class ChangedMigration extends Error {
  constructor(name: string) {
    super(`${name}: changed after it was applied; restore the file and write a new migration instead`);
    this.name = 'ChangedMigration';
  }
}

/**
 * Applies the pending migrations of this release in order and returns their names. Safe to run in many processes at
 * once. Throws Unavailable if MySQL or the lock is not available in time.
 */
export function migrate(config: Config, migrations: Migration[]): Promise<string[]> {
  return withMigrationLock(config, async (connection) => {
    await connection.query(recordTable);
    await refuseChanged(connection, migrations);
    const umzug = new Umzug({
      migrations: migrations.map(({ name, sql }) => ({ name, up: () => connection.query(sql) })),
      storage: recordIn(connection, migrations),
      logger: undefined,
    });
    return (await umzug.up()).map(({ name }) => name);
  });
}

const recordTable = `CREATE TABLE IF NOT EXISTS migrations (
  name VARCHAR(190) NOT NULL PRIMARY KEY,
  sha256 CHAR(64) NOT NULL,
  applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) CHARACTER SET utf8mb4`;

async function refuseChanged(connection: Connection, migrations: Migration[]) {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT name, sha256 FROM migrations');
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  for (const { name, sha256 } of migrations)
    if (applied.has(name) && applied.get(name) !== sha256) throw new ChangedMigration(name);
}

function recordIn(connection: Connection, migrations: Migration[]): UmzugStorage {
  const checksums = new Map(migrations.map(({ name, sha256 }) => [name, sha256]));
  return {
    async executed() {
      const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM migrations ORDER BY name');
      return rows.map((row) => String(row.name));
    },
    async logMigration({ name }) {
      await connection.execute('INSERT INTO migrations (name, sha256) VALUES (?, ?)', [
        name,
        checksums.get(name) ?? '',
      ]);
    },
    async unlogMigration({ name }) {
      await connection.execute('DELETE FROM migrations WHERE name = ?', [name]);
    },
  };
}
