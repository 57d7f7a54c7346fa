import t from 'tap';
import type { Result } from './experiment.ts';
import type { Scenario } from './scenario.ts';
import { withTable } from './table.ts';
import { verdictOf } from './verdict.ts';

const load = (idempotent: number, others: number, calls: Record<string, Record<string, number>> = {}) => ({
  lost: { idempotent, others },
  skipped: 0,
  problems: [],
  calls: Object.fromEntries(
    Object.entries(calls).map(([name, errors]) => [name, { asked: 9, answered: 9, errors }]),
  ),
});
const well = { provisioned: { exitCode: 0, errors: [] }, replaced: [], wrong: [] };

t.test('which losses and errors fail a scenario', async (t) => {
  const written = load(3, 2, { 'PUT /hello/NAME': { 503: 3 }, 'POST /api/todos': { 503: 2 } });
  const read = load(1, 0, { 'GET /todos': { 503: 1 } });
  const counted = load(0, 4, { 'GET /counter/ID': { 503: 4 } });
  const cases: [Scenario['protects'], Parameters<typeof verdictOf>[1], Partial<typeof well>, string[]][] = [
    ['all', load(0, 0), {}, []],
    ['all', load(0, 1), {}, ['1 requests lost']],
    ['all', load(2, 1), {}, ['3 requests lost']],
    ['idempotent', load(0, 7), {}, []],
    ['idempotent', load(1, 7), {}, ['1 idempotent requests lost']],
    ['reads', written, {}, []],
    ['reads', counted, {}, []],
    ['reads', read, {}, ['1 read requests lost']],
    ['nothing', written, {}, []],
    ['nothing', { ...load(0, 0), problems: ['todo 7 was lost'] as never }, {}, ['todo 7 was lost']],
    ['nothing', { ...load(0, 0), skipped: 4 }, {}, ['4 requests were not sent']],
    ['all', load(0, 0), { wrong: ['no worker'] as never }, ['no worker']],
    [
      'all',
      load(0, 0),
      { replaced: ['theapp_app', 'theapp_app'] as never },
      ['the next provisioning run replaced theapp_app'],
    ],
    [
      'all',
      load(0, 0),
      { provisioned: { exitCode: 1, errors: ['no'] as never } },
      ['the next provisioning run failed: no'],
    ],
  ];
  for (const [protects, report, aftermath, why] of cases)
    t.strictSame(verdictOf({ protects }, report, { ...well, ...aftermath }), { ok: why.length === 0, why });
});

const played = (scenario: string, lost: number): Result => ({
  scenario,
  description: 'a | b',
  verdict: { ok: lost === 0, why: [] },
  recoveredAfter: 1.5,
  healthyAfter: 20,
  load: {
    ...load(lost, 0),
    rate: 60,
    seconds: 170,
    asked: 10_000,
    answered: 10_000 - lost,
    retried: { asked: 3, answered: 3 },
    latency: { p50: 1, p99: 2, max: 3 },
    gap: 0.4,
    nodes: [],
    failures: [],
  },
  provisioned: { exitCode: 0, changed: [], errors: [], seconds: 9 },
  replaced: [],
});

t.test('the table in a README', async (t) => {
  const first = withTable('# A\n\n<!-- chaos -->\n\nmore\n', 'approach_2', [
    played('drain', 0),
    played('scale', 1),
  ]);
  t.match(
    first,
    /^# A\n\n<!-- chaos -->\n[\s\S]*npm run chaos -- approach_2 drain --write[\s\S]*<!-- \/chaos -->\n\nmore\n$/,
  );
  t.match(first, '| `drain` | a \\| b | 1.5 s | 20 s | 10000 | 0 | 0 | 3 | 0.4 s | 0 changed, 9 s |');
  const again = withTable(first, 'approach_2', [played('scale', 0)]);
  t.match(again, '| `drain` |', 'rows of other scenarios stay');
  t.match(again, '| `scale` | a \\| b |', 'the row of a scenario that ran again is replaced');
  t.notMatch(again, '`scale` ✗');
  t.equal(
    withTable(again, 'approach_2', [played('scale', 0)]),
    again,
    'writing the same result twice changes nothing',
  );
  t.throws(
    () => withTable('# A\n', 'approach_2', []),
    /this file has no place for the table: expected the line <!-- chaos -->/,
  );
});
