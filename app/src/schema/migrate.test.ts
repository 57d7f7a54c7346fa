import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { start, unpackRelease } from '../../../testing/program.ts';
import { startMariadb } from '../../../testing/servers/mariadb.ts';
import { readConfig } from '../config.ts';
import { currentRelease } from '../version.ts';
import { withMigrationLock } from './lock.ts';
import { ChangedMigration, migrate } from './migrate.ts';
import { type Migration, readMigrations } from './migrations.ts';

const [mariadb, program] = await Promise.all([startMariadb(), unpackRelease(t.testdir())]);
t.teardown(() => mariadb.stop());
const slow = join(dirname(program), 'migrations/0000-slow.sql');
const shipped = readMigrations(currentRelease().folder).map(({ name }) => name);
const config = readConfig({ ...mariadb.environment, MIGRATE_SECONDS: '5' });

const migration = (name: string, sql: string): Migration => ({
  name,
  sql,
  sha256: createHash('sha256').update(sql).digest('hex'),
});
const first = migration('0001-first.sql', 'CREATE TABLE first (id INT); INSERT INTO first VALUES (1)');

async function rows(sql: string) {
  const root = await mariadb.root();
  const [rows] = await root.query(`USE theapp; ${sql}`);
  await root.end();
  return rows;
}

t.beforeEach(() => rows('DROP DATABASE theapp; CREATE DATABASE theapp'));

t.test('ten simultaneous processes apply each migration once', async (t) => {
  // A slow migration that fails if it runs twice: without the lock this test fails.
  await writeFile(slow, 'CREATE TABLE slow (id INT); DO SLEEP(0.5); INSERT INTO slow VALUES (1)');
  const ten = Array.from({ length: 10 }, () => start(program, ['migrate'], mariadb.environment));
  const codes = await Promise.all(ten.map(({ ended }) => ended));
  t.strictSame(codes, Array(10).fill(0));
  const outputs = ten.map(({ output }) => output()).sort();
  t.strictSame(outputs, [
    `applied: 0000-slow.sql, ${shipped.join(', ')}\n`,
    ...Array(9).fill('nothing to apply\n'),
  ]);
  t.match(await rows('SELECT * FROM data'), [{}, [{ id: 1, message: 'Hello world!' }]]);
  const sha256 = /^[0-9a-f]{64}$/;
  t.match(await rows('SELECT name, sha256 FROM migrations ORDER BY name'), [
    {},
    [{ name: '0000-slow.sql', sha256 }, ...shipped.map((name) => ({ name, sha256 }))],
  ]);
});

t.test('a failed migration stops the following ones and is retried on the next run', async (t) => {
  const broken = [
    first,
    migration('0002-second.sql', 'CREATE NONSENSE'),
    migration('0003-third.sql', 'SELECT 1'),
  ];
  await t.rejects(migrate(config, broken), {
    message: /0002-second\.sql.*CREATE NONSENSE|0002-second\.sql.*syntax/,
  });
  t.match(await rows('SELECT name FROM migrations'), [{}, [{ name: '0001-first.sql' }]]);
  const mended = [first, migration('0002-second.sql', 'CREATE TABLE second (id INT)')];
  t.strictSame(await migrate(config, mended), ['0002-second.sql']);
});

t.test('rejects a migration that was changed after it was applied', async (t) => {
  await migrate(config, [first]);
  await t.rejects(migrate(config, [{ ...first, sha256: 'another' }]), new ChangedMigration('0001-first.sql'));
});

t.test('the wait for the lock is limited, and the lock is released with its connection', async (t) => {
  await withMigrationLock(config, async () => {
    const late = migrate({ ...config, MIGRATE_SECONDS: 1 }, [first]);
    await t.rejects(late, { message: 'mysql: another migration has been holding the lock for over 1 s' });
    const other = migrate({ ...config, MYSQL_DATABASE: 'other' }, []);
    await t.rejects(other, { code: 'ER_DBACCESS_DENIED_ERROR' });
  });
  t.strictSame(await migrate(config, [first]), ['0001-first.sql']);
});

t.test('waits for MySQL to start, but not after a wrong password', async (t) => {
  await mariadb.kill();
  const waiting = migrate(config, [first]);
  await mariadb.start();
  t.strictSame(await waiting, ['0001-first.sql']);
  const began = Date.now();
  await t.rejects(migrate({ ...config, MYSQL_PASS: 'wrong' }, [first]), { code: 'ER_ACCESS_DENIED_ERROR' });
  t.ok(Date.now() - began < 1000);
  const unreachable = start(program, ['migrate'], {
    MYSQL_PASS: 'secret-word',
    MYSQL_PORT: '1',
    MIGRATE_SECONDS: '1',
  });
  t.equal(await unreachable.ended, 1);
  t.equal(unreachable.output(), 'mysql: connect ECONNREFUSED 127.0.0.1:1\n');
});
