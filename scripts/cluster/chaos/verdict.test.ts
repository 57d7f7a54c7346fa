import t from 'tap';
import type { Result } from './experiment.ts';
import { replacedIn } from './replaced.ts';
import type { Bounds } from './scenario.ts';
import { withTable } from './table.ts';
import { type Measured, verdictOf } from './verdict.ts';

const load = (idempotent: number, others: number, calls: Record<string, Record<string, number>> = {}) => ({
  lost: { idempotent, others },
  skipped: 0,
  problems: [],
  seconds: 100,
  calls: Object.fromEntries(
    Object.entries(calls).map(([name, errors]) => [name, { asked: 200, answered: 9, errors }]),
  ),
});
const well = { provisioned: { exitCode: 0, errors: [] }, replaced: [], wrong: [] };

t.test('what fails a scenario', async (t) => {
  const get = { 'GET /': {} };
  const written = load(3, 2, { 'PUT /hello/NAME': { 503: 3 }, 'POST /api/todos': { 503: 2 }, ...get });
  const read = load(1, 0, { 'GET /todos': { 503: 1 } });
  const put = load(1, 7, { 'PUT /hello/NAME': { 503: 1 }, 'GET /counter/ID': { 503: 7 } });
  const counted = load(0, 4, { 'GET /counter/ID': { 503: 4 }, ...get });
  const lost = load(2, 1, { 'GET /': { 503: 2 }, 'POST /api/todos': { 503: 1 } });
  type Case = [Bounds['protects'], number, Measured['load'], Partial<typeof well>, string[]];
  const none = load(0, 0);
  const cases: Case[] = [
    ['all', 0, none, {}, []],
    ['all', 9, lost, {}, ['3 requests lost']],
    ['idempotent', 2, counted, {}, []],
    ['idempotent', 1, counted, {}, ['4 other requests lost; the bound is 2']],
    ['idempotent', 0, counted, {}, ['4 other requests lost; the bound is 0']],
    ['idempotent', 9, put, {}, ['1 idempotent requests lost']],
    ['reads', 2, written, {}, []],
    ['reads', 1, written, {}, ['5 other requests lost; the bound is 4']],
    ['reads', 9, counted, {}, []],
    ['reads', 9, read, {}, ['1 read requests lost']],
    ['reads', 9, { ...none, problems: ['todo 7 was lost'] }, {}, ['todo 7 was lost']],
    ['reads', 9, { ...none, skipped: 4 }, {}, ['4 requests were not sent']],
    ['all', 0, none, { wrong: ['no worker'] as never }, ['no worker']],
    [
      'all',
      0,
      none,
      { replaced: ['theapp_app', 'theapp_app'] as never },
      ['the next provisioning run replaced theapp_app'],
    ],
    [
      'all',
      0,
      none,
      { provisioned: { exitCode: 1, errors: ['no'] as never } },
      ['the next provisioning run failed: no'],
    ],
  ];
  for (const [protects, losesSeconds, report, aftermath, why] of cases) {
    const verdict = verdictOf(
      { protects, losesSeconds, healthySeconds: 60 },
      { load: report, recoveredAfter: 30, healthyAfter: 60 },
      { ...well, ...aftermath },
    );
    t.strictSame(verdict, { ok: why.length === 0, why }, `${protects} ${losesSeconds}: ${why}`);
  }
  const late = { load: none, recoveredAfter: 30.1, healthyAfter: 60.1 };
  t.strictSame(verdictOf({ protects: 'all', healthySeconds: 60 }, late, well).why, [
    'healthy after 60.1 s; the bound is 60 s',
  ]);
  t.strictSame(verdictOf({ protects: 'all', recoveredSeconds: 30, healthySeconds: 61 }, late, well).why, [
    'recovered after 30.1 s; the bound is 30 s',
  ]);
});

t.test('replicas that a provisioning run replaced', async (t) => {
  const at = (running: Record<string, string>, autoscaled: string[] = []) => ({
    problems: [],
    underReplicated: false,
    running: new Map(Object.entries(running)),
    autoscaled,
  });
  const before = { a: 's_app', b: 's_app', c: 's_app', m: 's_migrate' };
  const without = (after: Record<string, string>, mayReplace: string[] = [], autoscaled: string[] = []) =>
    replacedIn(at(before, autoscaled), at(after, autoscaled), mayReplace);
  t.strictSame(without(before), []);
  t.strictSame(without({ ...before, d: 's_app' }), [], 'more replicas');
  t.strictSame(without({ a: 's_app', m: 's_migrate' }), ['s_app', 's_app'], 'fewer replicas');
  t.strictSame(without({ a: 's_app', b: 's_app', d: 's_app' }, ['migrate']), ['s_app']);
  t.strictSame(without({ m: 's_migrate' }, ['app']), []);
  const fewer = { a: 's_app', m: 's_migrate' };
  t.strictSame(without(fewer, [], ['s_app']), [], 'scaled down by itself');
  t.strictSame(without({ ...fewer, d: 's_app' }, [], ['s_app']), ['s_app'], 'one scaled down, one replaced');
});

const played = (scenario: string, lost: number): Result => ({
  scenario,
  description: 'a | b',
  bounds: { protects: 'idempotent', losesSeconds: 5, healthySeconds: 60 },
  verdict: { ok: lost === 0, why: [] },
  recoveredAfter: 1.5,
  healthyAfter: 20,
  load: {
    ...load(lost, 0, { 'POST /api/todos': {} }),
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
  t.match(
    first,
    '| `drain` | a \\| b | 0 idempotent, 6 other; 60 s | 1.5 s | 20 s | 10000 | 0 | 0 | 3 | 0.4 s | 0 changed, 9 s |',
  );
  const again = withTable(first, 'approach_2', [played('scale', 0)]);
  t.match(again, '| `drain` |', 'rows of other scenarios stay');
  t.match(again, '| `scale` | a \\| b |', 'the row of a scenario that ran again is replaced');
  t.notMatch(again, '`scale` ✗');
  t.equal(
    withTable(again, 'approach_2', [played('scale', 0)]),
    again,
    'writing the same result twice changes nothing',
  );
  const staging = withTable(again, 'approach_4', [played('scale (staging)', 0)]);
  t.match(staging, /\| `scale` [\s\S]*\| `scale \(staging\)` /, 'each environment has a row');
  t.equal(withTable(staging, 'approach_4', [played('scale (staging)', 0)]), staging);
  t.throws(
    () => withTable('# A\n', 'approach_2', []),
    /this file has no place for the table: expected the line <!-- chaos -->/,
  );
});
