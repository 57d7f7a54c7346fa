import { resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { ProvisionError } from '../../provision/index.ts';
import { serviceNames } from './app/handlers.ts';
import { benchCommand } from './app/options.ts';
import { table } from './app/report.ts';
import type { Sample } from './app/sample.ts';
import { memoryTable, trend } from './app/soak.ts';
import { optionsFrom } from './parsing.ts';

// Longer than a moment only where much else is going on.
t.setTimeout(300_000);

const parseOptions = (argv: readonly string[]) => optionsFrom(benchCommand, argv);

t.test('options', async (t) => {
  t.same(await parseOptions([]), {
    seconds: 4,
    rounds: 3,
    warmth: 30,
    services: serviceNames,
    urgent: true,
    soak: 0,
  });
  t.same(await parseOptions(['--quick', '--service', 'counter,hello', '--soak', '10']), {
    seconds: 1,
    rounds: 1,
    warmth: 1,
    services: ['counter', 'hello'],
    urgent: false,
    soak: 10,
  });
  for (const argv of [
    ['--seconds', '0'],
    ['--rounds', '0'],
    ['--service', 'chess'],
    ['--soak', 'x'],
    ['--what'],
    ['more'],
  ])
    await t.rejects(parseOptions(argv), ProvisionError, argv.join(' '));
});

t.test('the table of a service', async (t) => {
  const sample = (perSecond: number, cpu: number, busy: number): Sample => ({
    perSecond,
    p50: 1,
    p99: 3.5,
    cpu,
    busy,
  });
  const turn = (theapp: Sample, http: Sample, hapi: Sample) =>
    new Map([
      ['theapp', theapp],
      ['node:http', http],
      ['hapi', hapi],
    ] as const);
  // Each turn on a computer that is twice as busy as before.
  const saturated = [1, 2, 4].map((slow) =>
    turn(
      sample(900 / slow, 1000, 0.99),
      sample(1600 / slow, 500, 0.8),
      sample(slow === 2 ? 5000 : 1000 / slow, 800, 1),
    ),
  );
  const steady = [
    new Map([['theapp', sample(720, 1000, 0.7)] as const, ['hapi', sample(800, 800, 0.7)] as const]),
  ];
  const shown = table({ service: 'counter', saturated, steady });
  t.match(
    shown,
    'theapp / hapi       0.90 by requests/s, 0.80 by processor time, 0.80 by minimum processor time (target: at least 0.85)',
  );
  t.match(
    shown,
    'theapp / node:http  0.56 by requests/s, 0.50 by processor time, 0.50 by minimum processor time (target: at least 0.6; missed)',
  );
  t.match(shown, 'not the bottleneck: node:http;');
  t.match(shown, 'p99 / p50 at 80 %: theapp 3.50 (target: at most 3; missed), hapi 3.50');
  t.notMatch(
    table({ service: 'hello', saturated, steady }),
    'target',
    'a service without a dependency has no target',
  );
});

t.test('growing memory is distinguished from fluctuating memory', async (t) => {
  const minutes = Array.from({ length: 100 }, (_, i) => i / 10);
  const heap = { 'heap used': 30, 'heap total': 40, external: 5 };
  const swings = minutes.map((minutes, i) => ({ minutes, resident: 100 + (i % 7), ...heap }));
  t.match(memoryTable(swings), /resident .*\(target: at most 5 %\)/);
  t.match(memoryTable(swings), /resident, at each tenth of the run: 100( 10\d){10}$/);
  t.match(memoryTable(swings.map((one) => ({ ...one, resident: 100 + one.minutes }))), /resident .*missed/);
  const { slope, middle } = trend([1, 2, 3].map((x) => [x, 2 * x + 1]));
  t.same([slope, middle], [2, 5]);
});

t.test('a quick run measures every server', async (t) => {
  const script = resolve(import.meta.dirname, 'app.ts');
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [script, '--quick', '--service', 'counter'],
    {
      reject: false,
    },
  );
  t.equal(exitCode, 0, stderr);
  for (const name of ['theapp', 'node:http', 'hapi', 'fastify'])
    t.match(stdout, new RegExp(`^  ${name} +[1-9]\\d* +\\d+\\.\\d\\d +\\d+\\.\\d\\d `, 'm'), name);
  t.match(
    stdout,
    /theapp \/ hapi +\d+\.\d\d by requests\/s, \d+\.\d\d by processor time, \d+\.\d\d by minimum processor time \(target: at least 0\.85/,
  );
});
