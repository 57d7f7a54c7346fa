import { join, resolve } from 'node:path';
import t from 'tap';
import { runningPods } from '../../../approaches/approach_4/cluster/pods.ts';
import { explain, type Host } from '../../../provision/index.ts';
import { skipFile } from '../../../provision/testing.ts';
import { onCluster, until } from '../../../testing/cluster.ts';
import { needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import { parseRequest } from '../scale/request.ts';
import { probe } from './probe.ts';
import { scaleWorkload } from './scaling.ts';
import { stateOf } from './state.ts';

skipFile(await needsKubernetes());
t.setTimeout(240_000);

const charts = resolve(import.meta.dirname, '../../../approaches/approach_4');

/** The problem until the data services are installed. */
const DATA = 'production: the Helm release theapp-data is missing, although theapp is installed';

t.test('what a real API server reports', async (t) => {
  const api = await startKubernetes({ controllers: true });
  t.teardown(api.stop);
  const { hosts, sessions, addNode, startPods } = onCluster(api);
  const state = async () => stateOf(await probe(hosts, sessions), Date.now());
  for (const name of ['control-plane', 'worker1']) addNode(name);
  const installed = (chart: string, name: string, ...more: string[]) =>
    api.helm(
      'upgrade',
      '--install',
      name,
      join(charts, chart),
      '--namespace=production',
      '--no-hooks',
      '--server-side=true',
      '--force-conflicts',
      ...more,
    );
  api.kubectl('create', 'namespace', 'production');
  const values = [
    `--values=${join(charts, 'chart', 'values-production.yaml')}`,
    '--set=edge.kind=Deployment',
  ];
  installed('chart', 'theapp', '--description=1.0.0', ...values);

  await t.test('before pods run', async (t) => {
    const { healthy, problems, environments } = await state();
    t.notOk(healthy);
    t.match(problems, ['worker2 is not a node of the cluster', 'production/edge: 0 of 2 ready']);
    t.equal(problems.at(-1), DATA);
    t.match(environments, [
      {
        name: 'production',
        releases: [
          { name: 'theapp', revision: 1, status: 'deployed', chart: 'theapp-0.1.0', describes: '1.0.0' },
        ],
        workloads: [
          { name: 'edge', component: 'edge', kind: 'Deployment', wanted: 2, ready: 0 },
          { name: 'theapp', component: 'app', autoscaler: { least: 2, most: 5 } },
        ],
      },
    ]);
  });

  await t.test('with running pods', async (t) => {
    addNode('worker2');
    t.match((await state()).problems.join('\n'), /theapp: 1 wanted, but its autoscaler wants at least 2$/m);
    api.kubectl('scale', 'deployment/theapp', '--replicas=2', '--namespace=production');
    await until(
      async () => api.kubectl('get', 'pods', '--namespace=production', '--output=name'),
      (printed) => printed.split('\n').length === 4,
    );
    startPods('production', 'worker1', 'worker2');
    const snapshot = await until(
      () => probe(hosts, sessions),
      (one) => `${stateOf(one, Date.now()).problems}` === DATA,
    );
    const { nodes, environments } = stateOf(snapshot, Date.now());
    t.match(nodes, [
      { name: 'control-plane', role: 'control-plane', ready: true, pods: 0, version: '1.36.3' },
      { name: 'worker1', role: 'worker', pods: 2, memory: { total: 2 ** 31 } },
      { name: 'worker2', pods: 2 },
    ]);
    t.match(environments[0]?.workloads, [
      { name: 'edge', ready: 2, nodes: { worker1: 1, worker2: 1 }, images: ['nginx:1.28'] },
      { name: 'theapp', ready: 2, images: ['theapp:0.1.0'] },
    ]);
    t.strictSame([...runningPods(snapshot).values()].sort(), [
      'production/edge',
      'production/edge',
      'production/theapp',
      'production/theapp',
    ]);
  });

  await t.test('scaling', async (t) => {
    const options = { seconds: 40, minimum: false, progress: () => undefined };
    const scale = (text: string, more = {}) =>
      scaleWorkload(hosts, parseRequest(text), sessions, { ...options, ...more });
    await t.rejects(scale('production/app=3'), /its autoscaler sets the number of replicas: 2 to 5, by load/);
    await t.rejects(scale('production/app=6', { minimum: true }), /its autoscaler has a maximum of 5/);
    await t.rejects(scale('production/edge=3', { minimum: true }), /has no autoscaler/);
    await t.rejects(
      scale('production/edge=3', { seconds: 1 }),
      /edge: did not reach 3 replicas within 1 s: 2 of 3/,
    );
    startPods('production', 'worker1');
    t.match(await scale('production/edge=3'), { service: 'production/edge', before: 3, after: 3 });
    t.equal(
      api.kubectl('get', 'deployment/edge', '--namespace=production', '--output=jsonpath={.spec.replicas}'),
      '3',
    );
    await t.rejects(scale('production/app=4', { minimum: true, seconds: 1 }), /did not reach 4 replicas/);
    const least = api.kubectl(
      'get',
      'hpa/theapp',
      '--namespace=production',
      '--output=jsonpath={.spec.minReplicas}',
    );
    t.equal(least, '4');
  });

  await t.test('the next upgrade sets the numbers of the chart again', async (t) => {
    installed('chart', 'theapp', '--description=2.0.0', ...values, '--set=logLevel=debug');
    t.match((await state()).environments[0]?.workloads, [
      { name: 'edge', wanted: 2 },
      { name: 'theapp', autoscaler: { least: 2 } },
    ]);
  });

  await t.test('a rollback describes the release to which it went back', async (t) => {
    api.helm('rollback', 'theapp', '1', '--namespace=production', '--no-hooks');
    t.match((await state()).environments[0]?.releases, [{ revision: 3, describes: '1.0.0' }]);
  });

  await t.test('data services that cannot be asked', async (t) => {
    installed('data', 'theapp-data');
    await until(
      async () => api.kubectl('get', 'pods', '--namespace=production', '--output=name'),
      (printed) => /mysql-1/.test(printed) && /sentinel-3/.test(printed),
    );
    startPods('production', 'worker1', 'worker2');
    const { environments, problems } = await state();
    t.match(environments[0]?.replicas, [{ service: 'mysql-1', lag: null, error: /\S/ }]);
    t.equal(environments[0]?.sentinels.length, 3);
    t.match(problems.join('\n'), /^production: mysql-1 does not replicate: /m);
  });
});

t.test('no control plane answers', async (t) => {
  const hosts: Host[] = [{ name: 'control-plane', address: '', groups: [], forwarded: {}, vars: {} }];
  const read = async (printed: string) =>
    probe(hosts, { read: async () => [printed], run: async () => '', close: async () => undefined });
  await t.rejects(read(''), { message: /no control plane answers/ });
  const refused = '== objects\nmemcache.go: …\nThe connection to the server was refused\n== failed\n';
  const error = await read(refused).catch(explain);
  t.match(error, /control-plane: its API server does not answer: The connection to the server was refused$/m);
});
