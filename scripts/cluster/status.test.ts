import { chmodSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { Cluster, Task } from '../../approaches/approach_2/services/swarm.ts';
import { app, cluster, manager, node, nodes, running, service, task } from '../../testing/swarm.ts';
import { type Data, dataProbe, readData } from './status/data.ts';
import { clusterProbe } from './status/probe.ts';
import { stateOf } from './status/state.ts';
import { textOf } from './status/text.ts';

// Long only on a busy computer.
t.setTimeout(120_000);

const now = Date.parse('2026-11-21T15:00:00Z');

const noData: Data = { replicas: [], sentinels: [] };
const problems = (more: Partial<Cluster>, data = noData, unreachable = {}) =>
  stateOf({ cluster: cluster(more), data, unreachable }, now).problems;

t.test('which states are problems', async (t) => {
  const down = node('worker2', { Status: { State: 'down' } });
  const failed = task('app', 'worker1', 'failed', {
    DesiredState: 'shutdown',
    Status: { State: 'failed', Timestamp: '2026-11-21T14:59:50Z', ContainerStatus: { ExitCode: 137 } },
  });
  const global = service('nginx', { Global: {} });
  const job = service(
    'migrate',
    { ReplicatedJob: { TotalCompletions: 1 } },
    { JobStatus: { JobIteration: { Index: 2 } } },
  );
  const done = (Index: number) =>
    task('migrate', 'worker1', 'complete', { DesiredState: 'complete', JobIteration: { Index } });
  const updated = (State: string) => ({ services: [{ ...app, UpdateStatus: { State, Message: 'why' } }] });
  const cases: [string, Partial<Cluster>, RegExp[]][] = [
    ['a healthy cluster', {}, []],
    ['a missing task', { tasks: running.slice(1) }, [/^theapp_app: 1 of 2 running$/]],
    [
      'a node is down, its task still reported as running',
      { nodes: [manager, node('worker1'), down] },
      [/worker2 is down/, /1 of 2/],
    ],
    ['a failed task that was replaced', { tasks: [...running, failed] }, []],
    [
      'a drained node',
      {
        nodes: [
          manager,
          node('worker1', { Spec: { Role: 'worker', Availability: 'drain' } }),
          node('worker2'),
        ],
      },
      [],
    ],
    [
      'a global service on every node',
      { services: [global], tasks: nodes.map(({ ID }) => task('nginx', ID)) },
      [],
    ],
    [
      'a global service that is not on every node',
      {
        services: [global],
        tasks: nodes.map(({ ID }, at) => task('nginx', ID, at ? 'running' : 'starting')),
      },
      [/nginx: 2 of 3/],
    ],
    ['a completed job', { services: [job], tasks: [done(2)] }, []],
    [
      'a job whose last iteration is not completed',
      { services: [job], tasks: [done(1)] },
      [/migrate: 0 of 1 completed/],
    ],
    ['a completed update', updated('completed'), []],
    ['an update that was rolled back', updated('rollback_completed'), []],
    ['a paused update', updated('paused'), [/the update is paused: why/]],
    ['a paused rollback', updated('rollback_paused'), [/the rollback is paused/]],
    [
      'a manager that the others cannot reach',
      {
        nodes: [
          { ...manager, ManagerStatus: { Reachability: 'unreachable' } },
          node('worker1'),
          node('worker2'),
        ],
      },
      [/cannot reach manager/],
    ],
  ];
  for (const [words, more, expected] of cases)
    t.match(problems(more), expected, words) && t.equal(problems(more).length, expected.length, words);
  t.match(problems({}, noData, { worker2: 'timed out' }), ['worker2 does not answer: timed out']);
});

t.test('which failed tasks are listed', async (t) => {
  const fail = (seconds: number, more: Partial<Task['Status']>) =>
    task('app', 'worker1', 'failed', {
      DesiredState: 'shutdown',
      Status: { State: 'failed', Timestamp: new Date(now - seconds * 1000).toISOString(), ...more },
    });
  const pending = task('app', '', 'pending', {
    Status: { State: 'pending', Timestamp: new Date(now).toISOString(), Err: 'no suitable node' },
  });
  const tasks = [
    fail(4000, { Err: 'old' }),
    fail(30, { ContainerStatus: { ExitCode: 137 } }),
    fail(10, { Err: 'task: non-zero exit (1)' }),
    pending,
  ];
  const { failing } = stateOf({ cluster: cluster({ tasks }), data: noData, unreachable: {} }, now);
  t.match(failing, [
    { error: 'no suitable node', node: '', seconds: 0 },
    { task: 'theapp_app.1', node: 'worker1', error: 'task: non-zero exit (1)' },
    { error: 'exit code 137', seconds: 30 },
  ]);
  t.equal(failing.length, 3);
});

const replicaStatus = (more: string) => `*************************** 1. row ***************************
                Slave_IO_State: Waiting for master to send event
                   Master_Host: mysql-primary
              Slave_IO_Running: Yes
             Slave_SQL_Running: Yes
${more}
                 Last_IO_Error: 
                Last_SQL_Error: 
`;
const masters = (ip: string, flags: string) =>
  `name\ntheapp\nip\n${ip}\nport\n6379\nrunid\nb8\nflags\n${flags}\nnum-slaves\n2\nnum-other-sentinels\n2\nquorum\n2`;

t.test('the state of replication and Sentinel', async (t) => {
  const text = (more: string) => `\n== database theapp_mysql-replica\n${more}`;
  const read = (more: string) => readData([{ host: 'worker1', text: text(more) }]).replicas;
  t.match(read(replicaStatus('         Seconds_Behind_Master: 0')), [
    { service: 'theapp_mysql-replica', host: 'worker1', lag: 0 },
  ]);
  t.match(
    read(
      replicaStatus('         Seconds_Behind_Master: NULL').replace(
        '_IO_Running: Yes',
        '_IO_Running: Connecting',
      ),
    ),
    [{ lag: null, error: 'the I/O thread is in state Connecting' }],
  );
  t.match(read("ERROR 2002 (HY000): Can't connect to local server"), [{ lag: null, error: /2002/ }]);
  t.strictSame(readData([{ host: 'a', text: '\n== database theapp_mysql-primary\n' }]).replicas, []);
  const sentinel = (host: string, ip: string, flags = 'master') => ({
    host,
    text: `\n== sentinel theapp_sentinel-${host}\n${masters(ip, flags)}\n`,
  });
  const answers = readData([
    sentinel('1', 'redis-1'),
    sentinel('2', 'redis-1'),
    sentinel('3', 'redis-2', 'master,o_down'),
  ]);
  t.match(answers.sentinels[0], { master: 'redis-1:6379', replicas: 2, flags: 'master' });
  t.match(problems({}, { ...answers, replicas: [] }), [
    /disagree about the master: redis-1:6379, redis-2:6379/,
    /sentinel-3 on 3 reports the master as master,o_down/,
  ]);
  const slow: Data['replicas'] = [{ host: 'worker1', service: 'theapp_mysql-replica', lag: 31 }];
  t.match(problems({}, { replicas: slow, sentinels: [] }), [/31 s behind/]);
});

t.test('a host without Docker or outside a cluster reports nothing', async (t) => {
  const docker = t.testdir({ docker: '#!/bin/sh\n[ "$1" = ps ] || echo false\n' });
  chmodSync(`${docker}/docker`, 0o755);
  for (const PATH of [`${docker}/none`, `${docker}:/usr/bin:/bin`])
    for (const { text } of [clusterProbe, dataProbe])
      t.match(
        await execa('/bin/sh', ['-e'], { input: text, env: { PATH }, extendEnv: false, reject: false }),
        {
          exitCode: 0,
          stdout: '',
        },
      );
});

t.test('a task that was removed after it was listed is left out', async (t) => {
  const folder = t.testdir({
    docker: `#!/bin/sh
case "$1 $2" in
'info '*) echo true ;;
'inspect '*) printf '[{"ID":"here"}]'; echo 'no such task: gone' >&2; exit 1 ;;
*inspect) echo '[]' ;;
*) printf 'here\\ngone\\n' ;;
esac
`,
  });
  chmodSync(`${folder}/docker`, 0o755);
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  const { stdout } = await execa('/bin/sh', ['-e'], { input: clusterProbe.text, env, extendEnv: false });
  t.strictSame(JSON.parse(stdout), { nodes: [], services: [], tasks: [{ ID: 'here' }] });
});

t.test('the text of a healthy cluster', async (t) => {
  const shown = textOf(stateOf({ cluster: cluster(), data: noData, unreachable: {} }, now));
  t.match(shown, /^manager +manager, leader +ready +active +0$/m);
  t.match(shown, /^theapp_app +2\/2 +app:1$/m);
  t.match(shown, /^healthy$/m);
});

t.test('the commands without a cluster', async (t) => {
  const run = (name: string, ...words: string[]) =>
    execa(process.execPath, [resolve(import.meta.dirname, `${name}.ts`), ...words], {
      reject: false,
      env: { THEAPP_LAB: t.testdir() },
    });
  t.match(await run('status', 'approach_9'), {
    exitCode: 3,
    stderr: /no approach "approach_9".*did you mean/,
  });
  t.match(await run('status', 'approach_0'), {
    exitCode: 1,
    stderr: /has no machines[\s\S]*npm run provision/,
  });
  t.match(await run('scale', 'approach_0', 'app=x'), { exitCode: 3, stderr: /expected SERVICE=NUMBER/ });
  t.match(await run('scale', 'approach_0', 'app=2'), { exitCode: 1, stderr: /has no machines/ });
});
