import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { Cluster } from '../../../approaches/approach_2/services/swarm.ts';
import type { Host } from '../../../provision/index.ts';
import { type Program, start } from '../../../testing/program.ts';
import { startMariadb } from '../../../testing/servers/mariadb.ts';
import { startMemcached } from '../../../testing/servers/memcached.ts';
import { freePort } from '../../../testing/servers/process.ts';
import { startRedis } from '../../../testing/servers/redis.ts';
import { newSessions } from '../sessions.ts';
import { runExperiment } from './experiment.ts';
import { powerOf } from './power.ts';
import { anotherRelease, badWhere } from './releases.ts';
import type { Scenario } from './scenario.ts';
import { newTarget, observationOf, type Target } from './swarm/target.ts';

// Long only on a busy computer.
t.setTimeout(240_000);

const root = resolve(import.meta.dirname, '../../..');
const servers = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
t.teardown(() => Promise.all(servers.map((server) => server.stop())));
const environment: Record<string, string> = Object.assign({}, ...servers.map((server) => server.environment));
await execa(process.execPath, [join(root, 'app/src/main.ts'), 'migrate'], {
  env: environment,
});

async function startApp(folder: string, port: number): Promise<Program> {
  const PORT = String(port);
  const program = start(join(folder, 'app/src/main.ts'), [], { ...environment, PORT, DRAIN_SECONDS: '2' });
  t.teardown(() => program.child.kill('SIGKILL'));
  await program.url();
  return program;
}

t.test('bad releases fail as intended', async (t) => {
  const bad = badWhere('true');
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
  t.equal(await status(badWhere('false').answers500, '/hello'), 200, 'only where the condition holds');
  await t.rejects(status(bad.crash, '/'), /this release is broken/);
  const { folder, remove } = anotherRelease(bad.crash);
  const migrate = [join(folder, 'app/src/main.ts'), 'migrate'];
  t.equal((await execa(process.execPath, migrate, { env: environment })).exitCode, 0, 'migrations work');
  remove();
});

/** A cluster whose nodes are two processes on this computer: a node is ready while its process runs. */
async function localTarget() {
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
    commands: newSessions(),
    where: [],
    words: [],
    power: powerOf('here', { provider: 'static' }, () => undefined),
    progress: () => {},
  };
  const target = {
    ...newTarget(options),
    health: '/readyz',
    observe: async () =>
      observationOf({ cluster: cluster(), data: { replicas: [], sentinels: [] }, unreachable: {} }),
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
  return { target, kill, revive, provisions };
}

t.test('a scenario from injection to recovery', async (t) => {
  const { target, kill, revive, provisions } = await localTarget();
  const options = { rate: 40, requests: 900 };
  const scenario: Scenario<Target> = {
    name: 'one-of-two',
    description: 'one of two nodes is killed and comes back',
    bounds: { protects: 'idempotent', losesSeconds: 5, healthySeconds: 60 },
    holdSeconds: 4,
    prepare: async () => async () => {
      await kill(1);
      return () => revive(1);
    },
  };
  const { verdict, load, recoveredAfter, healthyAfter } = await runExperiment(target, scenario, options);
  t.strictSame(verdict, { ok: true, why: [] });
  t.ok(load.asked >= 900 && load.retried.answered > 0 && load.lost.idempotent === 0);
  t.ok(
    recoveredAfter >= 3 && healthyAfter >= recoveredAfter && healthyAfter < 60,
    `recovered after ${recoveredAfter} s, healthy after ${healthyAfter} s`,
  );
  t.equal(provisions.length, 1);

  await kill(1);
  await t.rejects(runExperiment(target, scenario, options), /the cluster is not healthy/);
  await revive(1);
  const failing: Scenario<Target> = {
    ...scenario,
    holdSeconds: 0,
    prepare: async () => async () => Promise.reject(new Error('no such worker')),
  };
  t.match(await runExperiment(target, failing, { ...options, requests: 1 }), {
    verdict: { ok: false, why: ['no such worker'] },
  });
});
