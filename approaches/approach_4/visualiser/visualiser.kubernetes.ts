import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { secret } from '../../../provision/index.ts';
import {
  applyOnce,
  becomeRoot,
  debian,
  isolated,
  localShell,
  pending,
  skipFile,
  vm,
} from '../../../provision/testing.ts';
import { onCluster, until } from '../../../testing/cluster.ts';
import { type Kubernetes, needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import { bundleProgram } from '../../bundle.ts';
import { infra } from '../infra/index.ts';
import { readLists } from './api.ts';
import { readCluster } from './cluster.ts';

skipFile(becomeRoot() || (await needsKubernetes()));
t.setTimeout(240_000);

const NAME = 'visualiser';
const program = await bundleProgram(join(import.meta.dirname, 'main.ts'));

/** The resource of the role `infra` that is about the page. */
function resourceOf(more: { readonly visualiser?: boolean; readonly api_servers?: string[] } = {}) {
  const none = secret('not part of the page');
  const call = infra({ certificate: none, key: none, passwords: none, visualiser_program: program, ...more });
  const all = call.resolve([]).resources(debian, vm);
  const found = all.find(({ kind, name }) => kind === 'kubernetes.absent' || name === NAME);
  if (found) return found;
  throw new Error(`no resource in ${all.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`);
}

/** A shell of a control plane of this cluster. */
function controlPlane(t: Test, api: Kubernetes) {
  const folder = t.testdir({
    etc: { kubernetes: { 'admin.conf': readFileSync(api.kubeconfig, 'utf8') } },
    run: {},
  });
  const over = { '/usr/local/bin': api.programs, '/etc': `${folder}/etc`, '/run': `${folder}/run` };
  const shell = localShell(isolated(over));
  t.teardown(() => shell.close());
  return shell;
}

/** The access of the account of the page, as Kubernetes gives it to a pod. */
function accessOf(t: Test, api: Kubernetes) {
  const folder = t.testdir({
    token: api.kubectl('create', 'token', NAME, `--namespace=${NAME}`),
    'ca.crt': readFileSync(api.authority, 'utf8'),
  });
  return { host: '127.0.0.1', port: `${api.port}`, folder };
}

t.test('the page on a real API server', async (t) => {
  const api = await startKubernetes({ controllers: true });
  t.teardown(api.stop);
  const { addNode, startPods } = onCluster(api);
  for (const name of ['control-plane', 'worker1', 'worker2']) addNode(name);
  const shell = controlPlane(t, api);
  const apply = async (...given: Parameters<typeof resourceOf>) =>
    (await applyOnce(resourceOf(...given), shell)).map(({ summary }) => summary);

  await t.test('its objects, and nothing to do the second time', async (t) => {
    t.strictSame(await apply(), ['create 9 objects']);
    t.strictSame(await apply(), []);
    t.match(await pending(resourceOf({ api_servers: ['10.77.4.11'] }), shell), [
      { summary: 'change NetworkPolicy visualiser/visualiser', diff: { after: /cidr: 10\.77\.4\.11\/32/ } },
    ]);
    t.strictSame(await apply({ visualiser: true, api_servers: ['10.77.4.11', 'fd00::1'] }), [
      'change NetworkPolicy visualiser/visualiser',
    ]);
    const pods = async () => api.kubectl('get', 'pods', `--namespace=${NAME}`, '--output=name');
    t.match(await until(pods, (text) => text !== ''), /^pod\/visualiser-\w+-\w+$/, 'a restricted pod');
  });

  await t.test('its account may list what the page shows, and nothing else', async (t) => {
    const access = accessOf(t, api);
    const { nodes, workloads } = await readCluster(access);
    t.equal(nodes.length, 3);
    t.match(workloads, [{ kind: 'Deployment', metadata: { name: NAME } }]);
    const user = `system:serviceaccount:${NAME}:${NAME}`;
    for (const path of ['/api/v1/secrets', `/api/v1/namespaces/${NAME}/secrets`, '/api/v1/configmaps'])
      await t.rejects(
        readLists(access, [path]),
        new RegExp(`the API server answers 403 to ${path}: \\w+ is forbidden: User "${user}"`),
      );
    const allowed = api
      .kubectl('auth', 'can-i', '--list', `--as=${user}`, '--no-headers')
      .split('\n')
      .filter((line) => /^[a-z]/.test(line) && !/^selfsubject/.test(line))
      .map((line) => line.split(/\s{2,}/))
      .map((words) => `${words[0]} ${words.at(-1)}`)
      .sort();
    t.strictSame(
      allowed,
      ['daemonsets.apps', 'deployments.apps', 'nodes', 'pods', 'statefulsets.apps'].map(
        (name) => `${name} [list]`,
      ),
    );
  });

  await t.test('it shows nodes, pods, releases and health', async (t) => {
    const access = accessOf(t, api);
    api.kubectl('create', 'namespace', 'staging');
    const chart = join(import.meta.dirname, '../chart');
    const image = [
      'registry=registry.internal:5000',
      'repository=theapp',
      `digest=sha256:${'1'.repeat(64)}`,
    ].map((value) => `--set=image.${value}`);
    const words = ['--namespace=staging', '--no-hooks', `--values=${chart}/values-staging.yaml`, ...image];
    api.helm('install', 'theapp', chart, ...words);
    const env = {
      PORT: '0',
      ACCOUNT: access.folder,
      KUBERNETES_SERVICE_HOST: access.host,
      KUBERNETES_SERVICE_PORT: access.port,
    };
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill());
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { port } = JSON.parse(line.toString()).listening as AddressInfo;
    const page = async () => await (await fetch(`http://127.0.0.1:${port}/`)).text();
    const before = await until(page, (text) => text.includes('Not on any node'));
    t.match(before, '<h2>staging <span class="bad">not healthy</span></h2>');
    startPods('staging', 'worker1', 'worker2');
    startPods(NAME, 'worker2');
    const after = await until(page, (text) => text.includes('>healthy<'));
    t.match(after, '<h2>staging <span class="good">healthy</span></h2>');
    t.match(
      after,
      '<td>theapp</td><td><span class="good">1 of 1</span></td><td>theapp@111111111111</td><td>theapp</td><td>theapp-0.1.0</td>',
    );
    t.match(after, /<h2>worker1 <span class="good">ready<\/span><\/h2>\n<small>worker · v1\.36\.3<\/small>/);
    t.match(
      after,
      /<h3>staging<\/h3>\n<ul><li>(edge|theapp)-\w+-\w+ <span class="good">ready for \d+ s<\/span>/,
    );
    t.notMatch(after, 'Not on any node');
    api.kubectl('cordon', 'worker1');
    t.match(await until(page, (text) => text.includes('cordoned')), 'v1.36.3 · cordoned');
  });

  await t.test('switched off, nothing of it remains', async (t) => {
    // no kubelet ends the pod
    api.kubectl('delete', 'pods', '--all', '--force', '--grace-period=0', `--namespace=${NAME}`);
    t.strictSame(await apply({ visualiser: false }), [
      'delete namespace/visualiser, clusterrole/visualiser, clusterrolebinding/visualiser',
    ]);
    t.strictSame(await apply({ visualiser: false }), []);
    t.throws(() => api.kubectl('get', 'namespace', NAME), /not found/);
  });
});
