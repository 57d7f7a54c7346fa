import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { audit, openBrowser } from '../../../testing/browser.ts';
import { selfSigned } from '../../../testing/certificate.ts';
import { bundleProgram } from '../../bundle.ts';
import type { Node, Pod, Workload } from '../cluster/objects.ts';
import { type Cluster, clusterOf } from './cluster.ts';
import { bodyOf } from './page.ts';

t.setTimeout(180_000);

/**
 * The items of each list that Kubernetes 1.36.3 answers, for three nodes and the charts in two environments, without the
 * fields that the page does not use. No scheduler and no kubelet ran there: a program assigned all pods but one to nodes,
 * and reported them as ready.
 */
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as Record<
  string,
  unknown[]
>;
const cluster = clusterOf(Object.values(recorded));
const now = Date.parse('2026-12-01T00:10:00Z');

/** The cluster with other nodes, pods or workloads. */
function changed(by: {
  node?: (node: Node) => Node;
  pod?: (pod: Pod) => Pod;
  workload?: (workload: Workload) => Workload;
}): Cluster {
  const { node = same, pod = same, workload = same } = by;
  return {
    nodes: cluster.nodes.map(node),
    pods: cluster.pods.map(pod),
    workloads: cluster.workloads.map(workload),
  };
}
const same = <T>(object: T): T => object;

t.test('environments, and the releases in them', async (t) => {
  const page = bodyOf(cluster, now);
  t.match(
    page,
    /<h2>production <span class="bad">not healthy<\/span><\/h2>[\s\S]*<h2>staging <span class="good">healthy/,
  );
  t.match(
    page,
    /<td>theapp<\/td><td><span class="good">1 of 1<\/span><\/td><td>theapp@1f0c1f0c1f0c<\/td><td>theapp<\/td><td>theapp-0\.1\.0<\/td><td>completed \d+ min ago<\/td>/,
  );
  t.match(
    page,
    /<td>mysql<\/td><td><span class="good">2 of 2<\/span><\/td><td>mariadb:11\.8<\/td><td>theapp-data<\/td>/,
  );
  t.match(page, /The cluster itself<\/h2>[\s\S]*<td>kube-system\/coredns<\/td>/);
});

t.test('health', async (t) => {
  const staging = (page: string) => /<h2>staging (.*)<\/h2>/.exec(page)?.[1];
  const only = (status: Workload['status']) =>
    changed({
      workload: (one) =>
        one.metadata.namespace === 'staging' && one.metadata.name === 'theapp'
          ? { ...one, status: { ...one.status, ...status } }
          : one,
    });
  const page = bodyOf(only({ readyReplicas: 0 }), now);
  t.equal(staging(page), '<span class="bad">not healthy</span>');
  t.match(page, '<td>theapp</td><td><span class="bad">0 of 1</span></td>');
  const updating = bodyOf(only({ updatedReplicas: 0 }), now);
  t.equal(staging(updating), 'updating');
  t.match(updating, '<td>0 of 1 updated</td>');
  const message = 'ReplicaSet "theapp-7c9" has timed out progressing.';
  const failed = bodyOf(only({ conditions: [{ type: 'Progressing', status: 'False', message }] }), now);
  t.match(failed, 'failed: ReplicaSet &#34;theapp-7c9&#34; has timed out progressing.');
});

t.test('nodes', async (t) => {
  const worker1 = (more: Partial<Node['status']>, spec: Node['spec'] = {}) =>
    bodyOf(
      changed({
        node: (one) =>
          one.metadata.name === 'worker1'
            ? { ...one, spec: { ...one.spec, ...spec }, status: { ...one.status, ...more } }
            : one,
      }),
      now,
    );
  const ready = (status: string, message = '') => ({ conditions: [{ type: 'Ready', status, message }] });
  t.match(worker1({}), /<h2>worker1 <span class="good">ready<\/span><\/h2>\n<small>worker · v1\.36\.3</);
  t.match(worker1({}), /<h2>control-plane .*<\/h2>\n<small>control plane · /);
  t.match(worker1({}, { unschedulable: true }), 'worker · v1.36.3 · cordoned');
  t.match(
    worker1(ready('Unknown', 'Kubelet stopped posting node status.')),
    /<h2>worker1 <span class="bad">down<\/span><\/h2>\n<small>.*<\/small><br><small class="bad">Kubelet stopped posting node status\.</,
  );
  t.match(worker1(ready('False', 'no network')), '<h2>worker1 <span class="bad">not ready</span></h2>');
  const addresses = [
    { type: 'Hostname', address: 'worker1' },
    { type: 'InternalIP', address: '10.77.4.12' },
  ];
  t.match(worker1({ addresses }), 'worker · 10.77.4.12 · v1.36.3');
  const conditions = [
    { type: 'MemoryPressure', status: 'True' },
    { type: 'Ready', status: 'True' },
  ];
  t.match(worker1({ conditions }), 'class="bad">MemoryPressure<');
});

t.test('pods', async (t) => {
  const [first] = cluster.pods.filter(({ metadata }) => metadata.namespace === 'staging');
  const { name } = first?.metadata ?? { name: '' };
  const with1 = (status: Pod['status'], metadata: Partial<Pod['metadata']> = {}, spec?: Pod['spec']) => {
    const pod = (one: Pod): Pod =>
      one === first
        ? {
            ...one,
            metadata: { ...one.metadata, ...metadata },
            spec: spec ?? one.spec,
            status: { ...one.status, ...status },
          }
        : one;
    const page = bodyOf(changed({ pod }), now);
    return new RegExp(`<li>${name} (.*)</li>`)
      .exec(page)?.[1]
      ?.replace(/<[^>]+>/g, ' ')
      .replace(/ +/g, ' ')
      .trim();
  };
  const container = { name: 'a', ready: false, restartCount: 3 };
  const at = '2026-12-01T00:09:00Z';
  const ended = { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: at } };
  const crash = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' } };
  const notReady = [{ type: 'Ready', status: 'False' }];
  const cases: [string, ReturnType<typeof with1>, RegExp | undefined][] = [
    ['ready', with1({}), /^ready for \d+ min [\w:.@-]+$/],
    [
      'restarted',
      with1({ containerStatuses: [{ ...container, ready: true, lastState: ended }] }),
      /^ready for .* · 3 restarts restarted 60 s ago: OOMKilled \(exit code 137\)$/,
    ],
    [
      'crashing',
      with1({ conditions: notReady, containerStatuses: [{ ...container, state: crash, lastState: ended }] }),
      /^waiting for \d+ \w+ .* · 3 restarts CrashLoopBackOff: OOMKilled \(exit code 137\)$/,
    ],
    ['not ready', with1({ conditions: notReady }), /^not ready for /],
    ['being stopped', with1({}, { deletionTimestamp: '2026-12-01T00:11:00Z' }), /^stopping /],
    ['succeeded', with1({ phase: 'Succeeded' }), undefined],
    [
      'failed',
      with1({
        phase: 'Failed',
        reason: 'Evicted',
        conditions: [],
        containerStatuses: [{ ...container, state: ended }],
      }),
      /^failed for 60 s .* Evicted$/,
    ],
  ];
  for (const [words, found, wanted] of cases)
    if (wanted) t.match(found, wanted, words);
    else t.equal(found, undefined, words);
  const unscheduled = [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node' },
  ];
  const pod = (one: Pod) =>
    one === first ? { ...one, spec: {}, status: { phase: 'Pending', conditions: unscheduled } } : one;
  t.match(
    bodyOf(changed({ pod }), now),
    new RegExp(
      `<h2 class="bad">Not on any node</h2>\n[\\s\\S]*<h3>staging</h3>\n<ul><li>${name} <span class="bad">waiting for \\d+ min</span><br><small><br>Unschedulable: no node</small></li></ul>`,
    ),
  );
  const evil = changed({
    pod: (one) => ({ ...one, metadata: { ...one.metadata, name: '<script>', namespace: '<b>' } }),
    workload: (one) => ({ ...one, spec: { ...one.spec, images: ['<i>'] } }),
  });
  t.notMatch(bodyOf(evil, now), /<script|<b>|<i>/, 'names are escaped');
});

/** An API server with a certificate for 127.0.0.1, which answers `answer(path)`. */
async function startApi(t: Test, answer: (path: string) => { status: number; body: unknown } | undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'api-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'token'), 'the-first-token');
  selfSigned(`${folder}/ca.crt`, { key: `${folder}/key` });
  const asked: string[] = [];
  const options = { key: readFileSync(`${folder}/key`), cert: readFileSync(`${folder}/ca.crt`) };
  const server = createServer(options, ({ url = '', headers }, response) => {
    asked.push(`${headers.authorization} ${url}`);
    const found = answer(url);
    // without an answer, the client waits
    if (found) response.writeHead(found.status).end(JSON.stringify(found.body));
  });
  const listen = async (port = 0) => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  return { folder, asked, port: await listen(), listen, close };
}

/** Starts the bundled program, as the pod does, and returns the URL of its page. */
async function start(t: Test, api: { folder: string; port: number }): Promise<string> {
  const file = join(api.folder, 'visualiser.mjs');
  writeFileSync(file, await bundleProgram(join(import.meta.dirname, 'main.ts')));
  const env = {
    PORT: '0',
    ACCOUNT: api.folder,
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: `${api.port}`,
  };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return `http://127.0.0.1:${(JSON.parse(line.toString()).listening as AddressInfo).port}`;
}

const answers = (path: string) => ({ status: 200, body: { items: recorded[path] } });

t.test('running', async (t) => {
  let answer: (path: string) => { status: number; body: unknown } | undefined = answers;
  const api = await startApi(t, (path) => answer(path));
  const url = await start(t, api);
  /** The status and the page, once what was read before is out of date. */
  const page = async () => {
    await sleep(1100);
    const response = await fetch(url);
    return { status: response.status, text: await response.text() };
  };
  const first = await fetch(url);
  t.equal(first.status, 200);
  t.match(first.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-/);
  t.match(await first.text(), '<title>Nodes and pods</title>');
  t.strictSame(
    api.asked,
    Object.keys(recorded).map((path) => `Bearer the-first-token ${path}`),
  );

  writeFileSync(join(api.folder, 'token'), 'the-second-token\n');
  await page();
  t.match(api.asked.at(-1), /^Bearer the-second-token /, 'Kubernetes replaces the token every hour');

  answer = () => ({ status: 403, body: { message: 'nodes is forbidden' } });
  const forbidden = await page();
  t.equal(forbidden.status, 503);
  t.match(
    forbidden.text,
    'the API server answers 403 to /api/v1/nodes: nodes is forbidden<br>Below is the last state',
  );
  t.match(forbidden.text, '<h2>staging <span class="good">healthy</span></h2>', 'the last state');

  const withoutStatus = [{ metadata: { name: 'worker1' }, spec: {} }];
  answer = (path) => ({ status: 200, body: { items: path === '/api/v1/nodes' ? withoutStatus : [] } });
  const incomplete = await page();
  t.equal(incomplete.status, 503);
  t.match(incomplete.text, /undefined .*<br>Below is the last state/, 'an object that the page cannot show');

  answer = () => undefined;
  t.match((await page()).text, 'the API server does not answer: no answer within 5 s');
  await api.close();
  t.match((await page()).text, /the API server does not answer: .*ECONNREFUSED/);
  t.equal((await fetch(`${url}/healthz`)).status, 200, 'the program itself is healthy');
  answer = answers;
  await api.listen(api.port);
  t.strictSame([(await page()).status, (await page()).text.includes('Below is')], [200, false], 'it is back');
});

t.test('an API server with another certificate is not asked', async (t) => {
  const api = await startApi(t, answers);
  const other = await startApi(t, answers);
  const url = await start(t, { folder: other.folder, port: api.port });
  const response = await fetch(url);
  t.equal(response.status, 503);
  t.match(await response.text(), 'the API server does not answer: self-signed certificate');
  t.strictSame(api.asked, [], 'and gets no token');
});

t.test('in a browser', async (t) => {
  const api = await startApi(t, answers);
  const url = await start(t, api);
  const browser = await openBrowser();
  t.teardown(() => browser.close());
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 320]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
      const page = await context.newPage();
      page.on('pageerror', ({ message }) => t.fail(message));
      page.on('console', (message) => t.fail(message.text()));
      await page.goto(url);
      const { violations, overflow } = await audit(page);
      t.strictSame([violations, overflow], [[], 0], `${colorScheme}, ${width} px`);
      await context.close();
    }
  await t.test('it updates itself, and says so when it cannot', async (t) => {
    const page = await browser.newPage();
    await page.goto(url);
    await page.evaluate('document.querySelector("h1").dataset.same = "yes"');
    const shows = (words: string) => page.getByText(words).first().waitFor({ timeout: 30_000 });
    await api.close();
    await shows('the API server does not answer');
    t.equal(await page.getByRole('heading', { name: 'production', level: 2 }).count(), 1, 'the last state');
    await api.listen(api.port);
    await page.getByText('the API server does not answer').waitFor({ state: 'detached', timeout: 30_000 });
    await page.route('**/*', (route) => route.abort());
    await shows('This page has not been updated since');
    t.equal(await page.getByRole('heading', { name: 'production', level: 2 }).count(), 1);
    await page.unroute('**/*');
    await page.locator('#lost').waitFor({ state: 'hidden', timeout: 30_000 });
    t.equal(await page.evaluate('document.querySelector("h1").dataset.same'), 'yes', 'without a reload');
  });
});
