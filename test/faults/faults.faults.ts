import type { RowDataPacket } from 'mysql2';
import t from 'tap';
import { openLedger } from '../../scripts/cluster/load/ledger.ts';
import { ownNetwork } from '../../testing/servers/network.ts';
import { birthdayProblem } from './clients.ts';
import { mismatches, runScenario, until } from './scenario.ts';
import { startServers } from './servers.ts';
import { faults, healthy, table } from './table.ts';
import { startTraffic } from './traffic.ts';

ownNetwork();
const servers = await startServers();
t.teardown(() => servers.stop());
const url = await servers.startApp();
const ledger = openLedger();
const traffic = startTraffic(url, ledger);

t.test('everything is healthy at the start', async (t) => {
  t.strictSame(await until(() => mismatches(healthy, traffic.answers, 0), 20_000), []);
});

for (const row of table)
  for (const fault of faults)
    t.test(`${row.unavailable}: ${fault}`, async (t) => {
      const report = await runScenario(servers, traffic, url, row, fault);
      t.comment(report.summary);
      t.strictSame(report.missing, [], 'responses, readiness and metrics match the table');
      t.strictSame(report.unrecovered, [], 'everything recovers by itself');
      t.strictSame(report.unexpected, [], 'no other responses during the fault');
      t.strictSame(report.slow, [], 'no response took over 3 s');
      t.strictSame(report.problems, [], 'readiness and metrics return 200 throughout');
      t.strictSame(ledger.counts.problems, [], 'no number is lost or returned twice');
    });

t.test('no acknowledged write is lost or applied twice', async (t) => {
  await traffic.stop();
  await servers.settled();
  for (const server of [servers.mysql.primary, servers.mysql.replica]) {
    const root = await server.root();
    const [rows] = await root.query<RowDataPacket[]>('SELECT title FROM theapp.todos');
    t.strictSame(ledger.todos.problems(rows.map(({ title }) => String(title))), []);
    await root.end();
  }
  const people = ledger.birthdays.known();
  const problems = await Promise.all(people.map((person) => birthdayProblem(url, ledger.birthdays, person)));
  t.strictSame(
    problems.filter((problem) => problem !== undefined),
    [],
  );
  const numbers = [ledger.todos.acknowledged.size, people.length, ledger.counts.total()];
  t.ok(
    numbers.every((number) => number > 50),
    `${numbers[0]} todos, ${numbers[1]} birthdays, ${numbers[2]} numbers`,
  );
});
