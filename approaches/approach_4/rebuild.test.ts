import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { RowDataPacket } from 'mysql2/promise';
import t from 'tap';
import { type Mariadb, runAsRoot, startEmptyMariadb } from '../../testing/servers/mariadb.ts';
import { ownNetwork } from '../../testing/servers/network.ts';
import { newFolder } from '../../testing/servers/process.ts';
import { follow } from '../../testing/servers/replication.ts';

// The scripts of the chart that rebuild, dump and restore a database, with a real primary and its replica.

ownNetwork();
t.setTimeout(120_000);
const folder = await newFolder('rebuild');
const secret = join(folder, 'secret');
writeFileSync(secret, 'root-1');
const backups = join(folder, 'backups');
mkdirSync(backups);

/** Runs a script of the chart against the servers of this test. */
async function script(name: string, ...words: string[]) {
  const text = readFileSync(join(import.meta.dirname, 'data/files', `${name}.sh`), 'utf8')
    .replaceAll('mysql-primary', '127.0.1.1')
    .replaceAll('mysql-read', '127.0.1.2')
    .replaceAll('/run/secrets/mysql-root', secret)
    .replaceAll('/backup', backups);
  const file = join(folder, `${name}.sh`);
  writeFileSync(file, text);
  const { exitCode, all } = await execa('sh', [file, ...words], {
    reject: false,
    all: true,
    env: { KEEP: '2', MARIADB_REPLICATION_USER: 'replication' },
  });
  return { exitCode, all };
}

/** A server as the image starts it: root may connect from anywhere. */
async function server(id: 1 | 2): Promise<Mariadb> {
  const mariadb = await startEmptyMariadb({
    address: `127.0.1.${id}`,
    args: [
      '--port=3306',
      `--server-id=${id}`,
      ...(id === 2 ? ['--read-only=1'] : []),
      '--log-bin=theapp',
      '--log-slave-updates=1',
      '--gtid-strict-mode=1',
      '--master-retry-count=100000',
      '--slave-net-timeout=2',
    ],
  });
  await runAsRoot(
    mariadb,
    `SET SESSION sql_log_bin = 0;
    DELETE FROM mysql.global_priv WHERE Host <> 'localhost'; DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';
    FLUSH PRIVILEGES;
    CREATE USER root@'%' IDENTIFIED BY 'root-1'; GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
    CREATE USER replication@'%' IDENTIFIED BY 'replication-1'; GRANT REPLICATION SLAVE ON *.* TO replication@'%'`,
  );
  if (id === 2)
    await runAsRoot(
      mariadb,
      `CHANGE MASTER TO MASTER_HOST='127.0.1.1', MASTER_PORT=3306, MASTER_USER='replication',
      MASTER_PASSWORD='replication-1', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos;
      START REPLICA`,
    );
  return mariadb;
}

async function ask(mariadb: Mariadb, sql: string): Promise<unknown[]> {
  const connection = await mariadb.root();
  const [rows] = await connection.query<RowDataPacket[]>(sql).finally(() => connection.end());
  return rows.flatMap((row) => Object.values(row));
}

let [primary, replica] = await Promise.all([server(1), server(2)]);
t.teardown(() => Promise.all([primary.stop(), replica.stop()]));
const titles = 'SELECT title FROM theapp.todos ORDER BY id';
const insert = (title: string) => `INSERT INTO theapp.todos (title) VALUES ('${title}')`;

await runAsRoot(
  primary,
  `CREATE DATABASE theapp;
  CREATE USER theapp@'%' IDENTIFIED BY 'theapp-1'; GRANT INSERT, SELECT ON theapp.* TO theapp@'%';
  CREATE TABLE theapp.todos (id INT AUTO_INCREMENT PRIMARY KEY, title TEXT)`,
);
for (let n = 1; n <= 20; n++) await runAsRoot(primary, insert(`todo ${n}`));
await follow(primary, replica);
const all = await ask(replica, titles);

t.test('nothing is lost: nothing changes', async (t) => {
  const { exitCode, all: text } = await script('rebuild', 'primary');
  t.equal(exitCode, 0, text);
  t.match(text, /there is nothing to rebuild/);
  await follow(primary, replica);
});

t.test('a primary that starts empty gets all data and accounts, and the replica follows it', async (t) => {
  await primary.stop();
  primary = await server(1);
  const wrong = await script('rebuild', 'replica');
  t.equal(wrong.exitCode, 1);
  t.match(wrong.all, /rebuild the primary, with mysql-rebuild-primary/);
  t.strictSame(await ask(replica, titles), all, 'the replica keeps its data');

  const { exitCode, all: text } = await script('rebuild', 'primary');
  t.equal(exitCode, 0, text);
  t.strictSame(await ask(primary, titles), all);
  t.strictSame(
    await ask(primary, "SHOW GRANTS FOR theapp@'%'"),
    await ask(replica, "SHOW GRANTS FOR theapp@'%'"),
  );
  t.strictSame(await ask(primary, 'SELECT @@read_only'), [0]);
  await runAsRoot(primary, insert('after'));
  await follow(primary, replica);
  t.strictSame(await ask(replica, titles), [...all, 'after'], 'the replica has the next write');
});

t.test('an attempt that ended early is repeated', async (t) => {
  await primary.stop();
  primary = await server(1);
  await runAsRoot(replica, 'STOP REPLICA');
  await runAsRoot(
    primary,
    'SET GLOBAL read_only = 1; SET sql_log_bin = 0; CREATE DATABASE theapp; CREATE TABLE theapp.todos (id INT)',
  );
  const { exitCode, all: text } = await script('rebuild', 'primary');
  t.equal(exitCode, 0, text);
  t.strictSame(await ask(primary, titles), [...all, 'after']);
  await follow(primary, replica);
});

t.test('a replica that starts empty gets what the primary no longer has in its binary logs', async (t) => {
  await runAsRoot(primary, 'FLUSH BINARY LOGS; PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY');
  await replica.stop();
  replica = await server(2);
  const { exitCode, all: text } = await script('rebuild', 'replica');
  t.equal(exitCode, 0, text);
  await runAsRoot(primary, insert('last'));
  await follow(primary, replica);
  t.strictSame(await ask(replica, titles), [...all, 'after', 'last']);
  t.strictSame(
    await ask(replica, "SHOW GRANTS FOR theapp@'%'"),
    await ask(primary, "SHOW GRANTS FOR theapp@'%'"),
  );
});

t.test('a dump replaces the database, on the replica too', async (t) => {
  const dumped = await script('backup');
  t.equal(dumped.exitCode, 0, dumped.all);
  t.match(dumped.all, /^theapp-\d+T\d+Z\.sql\.gz: \d+ bytes$/m);
  await runAsRoot(primary, 'DELETE FROM theapp.todos');
  const restored = await script('restore');
  t.equal(restored.exitCode, 0, restored.all);
  await follow(primary, replica);
  for (const one of [primary, replica]) t.strictSame(await ask(one, titles), [...all, 'after', 'last']);
});
