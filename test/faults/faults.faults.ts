import type { RowDataPacket } from 'mysql2';
import t from 'tap';
import { openLedger } from '../../scripts/cluster/load/ledger.ts';
import { ownNetwork } from '../../testing/servers/network.ts';
import { birthdayProblem } from './clients.ts';
import { play, unlike, until } from './scenario.ts';
import { setStage } from './stage.ts';
import { faults, healthy, table } from './table.ts';
import { startTraffic } from './traffic.ts';

ownNetwork();
const stage = await setStage();
t.teardown(() => stage.stop());
const url = await stage.startApp();
const ledger = openLedger();
const traffic = startTraffic(url, ledger);

t.test('nothing is missing', async (t) => {
  t.strictSame(await until(() => unlike(healthy, traffic.answers, 0), 20_000), []);
});

for (const row of table)
  for (const fault of faults)
    t.test(`${row.missing}: ${fault}`, async (t) => {
      const report = await play(stage, traffic, url, row, fault);
      t.comment(report.summary);
      t.strictSame(report.missing, [], 'every answer becomes what the table says, and everybody is told');
      t.strictSame(report.unwell, [], 'and all is healthy again by itself');
      t.strictSame(report.wrong, [], 'no other answer meanwhile');
      t.strictSame(report.slow, [], 'none took over 3 s');
      t.strictSame(report.problems, [], 'readiness and metrics answer 200 throughout');
      t.strictSame(ledger.counts.problems, [], 'no number lost or given twice');
    });

t.test('nothing that was acknowledged is lost, nothing was done twice', async (t) => {
  await traffic.stop();
  await stage.settled();
  for (const server of [stage.mysql.primary, stage.mysql.replica]) {
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
    `${numbers[0]} todos, birthdays of ${numbers[1]}, ${numbers[2]} counts`,
  );
});
