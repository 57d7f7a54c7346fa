import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { startMariadb } from '../app/test/mariadb.ts';
import { type Program, start } from '../app/test/program.ts';
import { startMemcached } from '../app/test/servers/memcached.ts';
import { freePort } from '../app/test/servers/process.ts';
import { startRedis } from '../app/test/servers/redis.ts';
import type { Host } from '../provision/machines/provider.ts';
import { faults } from './chaos/faults.ts';
import { judge } from './chaos/judge.ts';
import { planned } from './chaos/planned.ts';
import { type Played, play } from './chaos/play.ts';
import { type PowerCommands, powerOf } from './chaos/power.ts';
import { anotherRelease, bad } from './chaos/release.ts';
import type { Scenario } from './chaos/scenario.ts';
import { rotate } from './chaos/secret.ts';
import { setStage } from './chaos/stage.ts';
import { withTable } from './chaos/table.ts';
import { newSessions } from './status/sessions.ts';
import type { Cluster } from './status/swarm.ts';

// Longer than a moment only where much else is going on.
t.setTimeout(240_000);

const servers = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
t.teardown(() => Promise.all(servers.map((server) => server.stop())));
const environment: Record<string, string> = Object.assign({}, ...servers.map((server) => server.environment));
await execa(process.execPath, [join(import.meta.dirname, '../app/src/main.ts'), 'migrate'], {
  env: environment,
});

const scenarios: readonly Scenario[] = [...planned, ...faults];
const root = resolve(import.meta.dirname, '..');

t.test('scenarios have names of their own', async (t) => {
  t.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
  for (const { name } of scenarios) t.match(name, /^[a-z0-9-]+$/);
});

const load = (idempotent: number, others: number, calls: Record<string, Record<string, number>> = {}) => ({
  lost: { idempotent, others },
  skipped: 0,
  problems: [],
  calls: Object.fromEntries(
    Object.entries(calls).map(([name, words]) => [name, { asked: 9, answered: 9, words }]),
  ),
});
const well = { provisioned: { exitCode: 0, errors: [] }, touched: [], wrong: [] };

t.test('what has to hold', async (t) => {
  const written = load(3, 2, { 'PUT /hello/NAME': { 503: 3 }, 'POST /api/todos': { 503: 2 } });
  const read = load(1, 0, { 'GET /todos': { 503: 1 } });
  const counted = load(0, 4, { 'GET /counter/ID': { 503: 4 } });
  const cases: [Scenario['keeps'], Parameters<typeof judge>[1], Partial<typeof well>, string[]][] = [
    ['all', load(0, 0), {}, []],
    ['all', load(0, 1), {}, ['1 requests lost']],
    ['all', load(2, 1), {}, ['3 requests lost']],
    ['idempotent', load(0, 7), {}, []],
    ['idempotent', load(1, 7), {}, ['1 idempotent requests lost']],
    ['reads', written, {}, []],
    ['reads', counted, {}, []],
    ['reads', read, {}, ['1 reading requests lost']],
    ['nothing', written, {}, []],
    ['nothing', { ...load(0, 0), problems: ['todo 7 was lost'] as never }, {}, ['todo 7 was lost']],
    ['nothing', { ...load(0, 0), skipped: 4 }, {}, ['4 requests were not sent']],
    ['all', load(0, 0), { wrong: ['no worker'] as never }, ['no worker']],
    [
      'all',
      load(0, 0),
      { touched: ['theapp_app', 'theapp_app'] as never },
      ['provisioning afterwards replaced theapp_app'],
    ],
    [
      'all',
      load(0, 0),
      { provisioned: { exitCode: 1, errors: ['no'] as never } },
      ['provisioning afterwards failed: no'],
    ],
  ];
  for (const [keeps, report, aftermath, why] of cases)
    t.strictSame(judge({ keeps }, report, { ...well, ...aftermath }), { ok: why.length === 0, why });
});

const played = (scenario: string, lost: number): Played => ({
  scenario,
  words: 'a | b',
  verdict: { ok: lost === 0, why: [] },
  healed: 1.5,
  whole: 20,
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
  touched: [],
});

t.test('the table', async (t) => {
  const first = withTable('# A\n\n<!-- chaos -->\n\nmore\n', 'approach_2', [
    played('drain', 0),
    played('scale', 1),
  ]);
  t.match(
    first,
    /^# A\n\n<!-- chaos -->\n[\s\S]*npm run chaos -- approach_2 SCENARIO[\s\S]*<!-- \/chaos -->\n\nmore\n$/,
  );
  t.match(first, '| `drain` | a \\| b | 1.5 s | 20 s | 10000 | 0 | 0 | 3 | 0.4 s | 0 changed, 9 s |');
  const again = withTable(first, 'approach_2', [played('scale', 0)]);
  t.match(again, '| `drain` |', 'what was not played stays');
  t.match(again, '| `scale` | a \\| b |', 'what was played again is replaced');
  t.notMatch(again, '`scale` ✗');
  t.equal(withTable(again, 'approach_2', [played('scale', 0)]), again, 'twice is as once');
  t.throws(() => withTable('# A\n', 'approach_2', []), /has no place for the table: <!-- chaos -->/);
});

t.test('a secret that is made anew', async (t) => {
  const file = join(t.testdir({ 'approach_2.json': '{"mysql":"old","redis":"r"}' }), 'approach_2.json');
  const undo = rotate(file, 'mysql');
  const { mysql, redis } = JSON.parse(readFileSync(file, 'utf8'));
  t.match(mysql, /^[\w-]{32}$/);
  t.equal(redis, 'r');
  undo();
  t.match(JSON.parse(readFileSync(file, 'utf8')), { mysql: 'old' });
  t.throws(() => rotate(join(t.testdir({ 'none.json': '{}' }), 'none.json'), 'mysql'), /has no "mysql"/);
});

t.test('the command', async (t) => {
  const run = (...words: string[]) =>
    execa(process.execPath, [resolve(import.meta.dirname, 'chaos.ts'), ...words], {
      reject: false,
      env: { THEAPP_LAB: t.testdir() },
    });
  const { stdout } = await run('approach_2', '--list');
  t.equal(stdout.split('\n').length, scenarios.length);
  t.equal((await run('approach_2', 'bad-release', '--list')).stdout.split('\n').length, 3);
  t.match(await run('approach_2', 'drian'), {
    exitCode: 3,
    stderr: /no scenario "drian"; did you mean "drain"/,
  });
  t.match(await run('approach_0', 'drain', '--write'), { exitCode: 3, stderr: /has no place for the table/ });
  t.match(await run('approach_0', 'drain'), { exitCode: 1, stderr: /has no machines/ });
});

async function startApp(folder: string, port: number): Promise<Program> {
  const PORT = String(port);
  const program = start(join(folder, 'app/src/main.ts'), [], { ...environment, PORT, DRAIN_SECONDS: '2' });
  t.teardown(() => program.child.kill('SIGKILL'));
  await program.url();
  return program;
}

t.test('bad releases are bad', async (t) => {
  const status = async (code: string, path: string) => {
    const { folder, remove } = anotherRelease(code);
    t.teardown(remove);
    const port = await freePort();
    const program = await startApp(folder, port);
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    program.child.kill('SIGKILL');
    return response.status;
  };
  t.equal(await status('// good', '/readyz'), 200);
  t.equal(await status(bad.neverReady, '/readyz'), 503);
  t.equal(await status(bad.answers500, '/hello'), 500);
  await t.rejects(status(bad.crash, '/'), /this release is broken/);
  const { folder, remove } = anotherRelease(bad.crash);
  const migrate = [join(folder, 'app/src/main.ts'), 'migrate'];
  t.equal(
    (await execa(process.execPath, migrate, { env: environment })).exitCode,
    0,
    'it is the server that is bad',
  );
  remove();
});

/** A cluster whose nodes are two programs on this computer: a node is ready while its program runs. */
async function localStage() {
  const ports = [await freePort(), await freePort()];
  const programs = await Promise.all(ports.map((port) => startApp(root, port)));
  const runs = programs.map(() => true);
  const hosts = ports.map(
    (port, at): Host => ({
      name: `worker${at + 1}`,
      address: '127.0.0.1',
      groups: [],
      forwarded: { 80: { address: '127.0.0.1', port } },
      vars: {},
    }),
  );
  const cluster = (): Cluster => ({
    nodes: hosts.map(({ name }, at) => ({
      ID: name,
      Spec: { Role: 'worker', Availability: 'active', Labels: { host: name } },
      Status: { State: runs[at] ? 'ready' : 'down' },
    })),
    services: [
      { ID: 'app', Spec: { Name: 'theapp_app', Mode: { Replicated: { Replicas: 2 } }, TaskTemplate: {} } },
    ],
    tasks: hosts.map(({ name }) => ({
      ID: name,
      ServiceID: 'app',
      NodeID: name,
      DesiredState: 'running',
      Status: { State: 'running' },
    })),
  });
  const provisions: number[] = [];
  const options = {
    approach: 'here',
    hosts,
    sessions: newSessions(),
    where: [],
    words: [],
    power: powerOf('here', { lab: false }, () => undefined),
    tell: () => {},
  };
  const stage = {
    ...setStage(options),
    look: async () => ({ cluster: cluster(), data: { replicas: [], sentinels: [] }, silent: {} }),
    async provision() {
      provisions.push(performance.now());
      return { exitCode: 0, changed: [], errors: [], seconds: 1 };
    },
  };
  const kill = async (at: number) => {
    runs[at] = false;
    programs[at]?.child.kill('SIGKILL');
    await programs[at]?.ended;
  };
  const revive = async (at: number) => {
    programs[at] = await startApp(root, ports[at] ?? 0);
    runs[at] = true;
  };
  return { stage, kill, revive, provisions };
}

t.test('power of machines that are not of the lab', async (t) => {
  const file = join(t.testdir(), 'log');
  const host: Host = { name: 'worker9', address: '10.0.0.9', groups: [], forwarded: {}, vars: {} };
  const words = (commands: PowerCommands) => powerOf('here', { lab: false, ...commands }, () => undefined);
  const power = words({
    powerOff: `echo off $HOST >>'${file}'`,
    powerOn: `echo on $ADDRESS; echo no such plug >&2; exit 3`,
  });
  t.equal(power.restarts, true);
  await power.off(host);
  t.equal(readFileSync(file, 'utf8'), `off ${host.name}\n`);
  await t.rejects(power.on(host), /^worker9: .*it ended with 3/);
  await t.rejects(words({}).off(host), /nobody knows how/);
});

t.test('a scenario from its beginning to its end', async (t) => {
  const { stage, kill, revive, provisions } = await localStage();
  const options = { rate: 40, requests: 900, health: '/readyz' };
  const scenario: Scenario = {
    name: 'one-of-two',
    words: 'one of two is killed, and comes back',
    keeps: 'idempotent',
    hold: 4,
    aim: async () => async () => {
      await kill(1);
      return () => revive(1);
    },
  };
  const { verdict, load, healed, whole } = await play(stage, scenario, options);
  t.strictSame(verdict, { ok: true, why: [] });
  t.ok(load.asked >= 900 && load.retried.answered > 0 && load.lost.idempotent === 0);
  t.ok(healed >= 3 && whole >= healed && whole < 60, `healed after ${healed} s, whole after ${whole} s`);
  t.equal(provisions.length, 1);

  await kill(1);
  await t.rejects(play(stage, scenario, options), /is not healthy to begin with/);
  await revive(1);
  const failing: Scenario = {
    ...scenario,
    hold: 0,
    aim: async () => async () => Promise.reject(new Error('no such worker')),
  };
  t.match(await play(stage, failing, { ...options, requests: 1 }), {
    verdict: { ok: false, why: ['no such worker'] },
  });
});
