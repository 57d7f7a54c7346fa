import t from 'tap';
import { duration, eventually, outcome, recordingObserver } from '../../../testing/outcomes.ts';
import { startProxy } from '../../../testing/proxy.ts';
import { startReplicatedMariadb } from '../../../testing/servers/replication.ts';
import { readConfig } from '../config.ts';
import { openDatabase } from './database.ts';

const mysql = await startReplicatedMariadb();
const { primary, replica } = mysql;
const root = await primary.root();
await root.query('CREATE TABLE theapp.notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100) UNIQUE)');
await root.end();
await mysql.caughtUp();
const seen = recordingObserver();
const config = readConfig({ ...mysql.environment, MYSQL_TIMEOUT_MS: '500', MYSQL_CONNECTIONS: '4' });
const database = openDatabase(config, seen.observer);
t.teardown(async () => {
  await database.close();
  await mysql.stop();
});

const who = 'SELECT @@server_id AS id';
const insert = 'INSERT INTO notes (text) VALUES (?)';
const [first, second] = ['primary', 'replica'];

/** The server that answers a query, or the error code. Distinct parameters prevent coalescing. */
const fresh = async (of = 0) => (await database.readFrom(some, [of], { fresh: true })).from;
const late = async (of = 0) => (await database.readFrom(some, [of])).from;
const some = 'SELECT ? AS number';
const write = async (text: string) => (await database.write(insert, [text])).affectedRows;
const is = (expected: unknown) => (answer: unknown) => answer === expected;

t.test('queries and writes use the primary, reads use the replica', async (t) => {
  t.match(await database.query(who), [{ id: 1 }]);
  t.match(await database.read(who), [{ id: 2 }]);
  t.match(await database.read(who, [], { fresh: true }), [{ id: 1 }]);
  t.match(await database.readFrom(who), { rows: [{ id: 2 }], from: second });
  const { insertId, affectedRows } = await database.write(insert, ['one']);
  t.strictSame([insertId, affectedRows], [1, 1]);
  t.ok(
    await eventually(
      () => database.read('SELECT text FROM notes'),
      (rows) => Array.isArray(rows) && rows.length === 1,
    ),
  );
});

t.test('simultaneous identical reads are coalesced into one query', async (t) => {
  const before = seen.calls.length;
  const texts = 'SELECT text FROM notes WHERE text <> ?';
  const many = await Promise.all([
    ...Array.from({ length: 20 }, () => database.read(who)),
    database.read(who, [], { fresh: true }),
    database.read(texts, ['1']),
    database.read(texts, [1]),
  ]);
  t.match(many, [...Array(20).fill([{ id: 2 }]), [{ id: 1 }], [{ text: 'one' }], [{ text: 'one' }]]);
  const asked = seen.calls.slice(before).sort();
  t.strictSame(asked, ['mysql ok', ...Array(3).fill('mysql-replica ok')], 'one query per server and value');
  // Sequential reads each see the previous write.
  for (let count = 2; count < 12; count++) {
    await database.write(insert, [`note ${count}`]);
    t.equal((await database.read('SELECT text FROM notes', [], { fresh: true })).length, count);
  }
  const failed = Array.from({ length: 3 }, () => database.read('SELECT nonsense FROM notes'));
  for (const call of failed) await t.rejects(call, /Unknown column/, 'every caller gets the error');
});

t.test('a statement that MySQL rejects does not count as unavailable', async (t) => {
  const cases: [() => Promise<unknown>, RegExp][] = [
    [() => database.query('SELECT nonsense FROM notes'), /Unknown column/],
    [() => database.read('SELECT nonsense FROM notes'), /Unknown column/],
    [() => database.write(insert, ['one']), /Duplicate entry/],
    [() => database.query('SELECT ?', [JSON.parse('{}').nothing]), /must not contain undefined/],
  ];
  for (const [call, message] of cases) await t.rejects(call(), { name: /^(Type)?Error$/, message });
  for (let at = 0; at < 6; at++) await t.rejects(database.query('NONSENSE'), { code: 'ER_PARSE_ERROR' });
  t.match(
    await Promise.all(Array.from({ length: 6 }, () => outcome(database.query('SELECT * FROM nowhere')))),
    Array(6).fill('ER_NO_SUCH_TABLE'),
  );
  t.equal(seen.open.get('mysql'), false);
});

t.test('reports the state of the pool', async (t) => {
  const slow = Array.from({ length: 6 }, () => outcome(database.query('SELECT SLEEP(0.2)')));
  t.ok(await eventually(async () => database.pools()[0]?.waiting, is(2)));
  t.match(database.pools(), [{ pool: 'mysql', open: 4, idle: 0, waiting: 2 }, { pool: 'mysql-replica' }]);
  await Promise.all(slow);
  t.match(database.pools()[0], { pool: 'mysql', open: 4, idle: 4, waiting: 0 });
});

t.test('a query that misses its deadline does not block the others', async (t) => {
  t.strictSame(
    await Promise.all(Array.from({ length: 4 }, () => outcome(database.query('SELECT SLEEP(5)')))),
    Array(4).fill('TIMEOUT'),
  );
  t.ok(
    await eventually(async () => database.pools()[0]?.open, is(0)),
    'connections that missed the deadline are destroyed',
  );
  t.match(await database.query(who), [{ id: 1 }]);
});

t.test('the replica fails: reads use the primary, and writes go on', async (t) => {
  for (const [harm, heal] of [
    [() => replica.kill(), () => replica.start()],
    [() => replica.pause(), async () => replica.resume()],
  ] as const) {
    await harm();
    const took = await Promise.all(Array.from({ length: 20 }, (_, of) => duration(late(of))));
    t.ok(Math.max(...took) < 3000, `${Math.max(...took)} ms`);
    t.equal(await late(), first);
    t.ok(await eventually(async () => seen.open.get('mysql-replica'), is(true)));
    t.equal(await write(`while the replica is gone ${took[0]}`), 1);
    await heal();
    t.ok(await eventually(() => late(), is(second)), 'back');
    t.equal(seen.open.get('mysql-replica'), false);
  }
});

t.test('the primary fails: reads use the replica, writes fail, and both recover', async (t) => {
  for (const [harm, heal] of [
    [() => primary.kill(), () => primary.start()],
    [() => primary.pause(), async () => primary.resume()],
  ] as const) {
    await harm();
    const took = await Promise.all(Array.from({ length: 20 }, (_, of) => duration(fresh(of))));
    t.ok(Math.max(...took) < 3000, `${Math.max(...took)} ms`);
    t.equal(await fresh(), second);
    t.equal(await late(), second);
    t.equal(await outcome(write('lost')), 'BREAKER_OPEN');
    await heal();
    t.ok(await eventually(() => fresh(), is(first)), 'back');
    t.equal(await write(`back ${took[0]}`), 1);
  }
});

t.test('the primary hangs and its name moves to another server: old connections are replaced', async (t) => {
  const name = await startProxy(primary.port, primary.address);
  const moved = openDatabase({
    ...config,
    MYSQL_HOST: '127.0.0.1',
    MYSQL_PORT: name.port,
    MYSQL_REPLICA_HOST: undefined,
  });
  await Promise.all(Array.from({ length: 4 }, () => moved.query('SELECT SLEEP(0.05)')));
  t.equal(moved.pools()[0]?.open, 4);
  await primary.pause();
  name.lead(replica.port, replica.address);
  t.ok(await eventually(async () => (await moved.query(who))[0]?.id, is(2)), 'the other server responds');
  primary.resume();
  await Promise.all([moved.close(), name.close()]);
});

t.test('the primary turns read-only and its name moves to another server', async (t) => {
  const name = await startProxy(primary.port, primary.address);
  const moved = openDatabase({
    ...config,
    MYSQL_HOST: '127.0.0.1',
    MYSQL_PORT: name.port,
    MYSQL_REPLICA_HOST: undefined,
  });
  await Promise.all(Array.from({ length: 4 }, () => moved.query('SELECT SLEEP(0.05)')));
  const [old, next] = await Promise.all([primary.root(), replica.root()]);
  await old.query('SET GLOBAL read_only = 1');
  await next.query('STOP SLAVE; SET GLOBAL read_only = 0');
  name.lead(replica.port, replica.address);
  t.match(await moved.query(who), [{ id: 1 }], 'the old one still responds');
  t.equal(await outcome(moved.write(insert, ['refused'])), 'ER_OPTION_PREVENTS_STATEMENT');
  const after = await Promise.all(Array.from({ length: 8 }, () => moved.query(who)));
  t.strictSame(
    after.map(([row]) => row?.id),
    Array(8).fill(2),
    'no query reaches the old one any more',
  );
  t.equal((await moved.write(insert, ['on the new one'])).affectedRows, 1);
  await Promise.all([old.end(), next.end(), moved.close(), name.close()]);
});
