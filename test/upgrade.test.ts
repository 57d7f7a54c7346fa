import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Host, urlOf } from '../provision/index.ts';
import { versions } from '../provision/machines/lab/kubernetes/versions.ts';
import type { Event } from '../provision/report/events.ts';
import { skipFile } from '../provision/testing.ts';
import { startLoad } from '../scripts/cluster/load/traffic.ts';
import { dockerMissing, freshFleet } from '../testing/fleet.ts';
import { provisioned, type Ran, ssh } from '../testing/machine.ts';
import { needsKubernetes } from '../testing/servers/kubernetes.ts';

// A cluster of an older version is upgraded under load, then its machines reboot. This test is not part of CI: it takes as
// long as that of approach_4, and the lab has to build the older version too.

skipFile((await needsKubernetes()) || (await dockerMissing()));

const LAB = 'approach_4';
const OLD = '1.36.1';
const [NEW] = versions.kubernetes;
// the lab of every run serves both versions
process.env.THEAPP_LAB_KUBERNETES = OLD;

/** A cluster under test. */
interface Cluster {
  readonly hosts: readonly Host[];
  /** The control plane. */
  readonly home: Host;
  run(...args: string[]): Promise<Ran>;
  /** Runs `kubectl` on the control plane and returns its output. */
  kubectl(words: string): Promise<string>;
}

t.test('a cluster of an older version', { timeout: 2_950_000 }, async (t) => {
  const fleet = await freshFleet(LAB);
  t.teardown(fleet.close);
  const run = (...args: string[]) => provisioned(LAB, ...fleet.options, ...args);
  const first = await run('-e', `kubernetes.version=${OLD}`);
  t.strictSame([first.exitCode, first.errors], [0, []]);
  const home = fleet.hosts.find(({ name }) => name === 'control-plane') as Host;
  const kubectl = (words: string) => ssh(home, `kubectl --kubeconfig=/etc/kubernetes/admin.conf ${words}`);
  const cluster = { hosts: fleet.hosts, home, run, kubectl };
  t.strictSame(await nodeVersions(cluster), [OLD, OLD, OLD]);
  await t.test('refused', (t) => refused(t, cluster));
  await t.test('a dry run', (t) => dryRun(t, cluster));
  await t.test('the upgrade, under load', (t) => upgrade(t, cluster));
  await t.test('reboots, under load', (t) => reboots(t, cluster));
});

async function nodeVersions({ kubectl }: Cluster): Promise<string[]> {
  const path = '{range .items[*]}{.status.nodeInfo.kubeletVersion}{"\\n"}{end}';
  const printed = await kubectl(`get nodes --output=jsonpath='${path}'`);
  return [...printed.matchAll(/^v(.*)$/gm)].map(([, version]) => version ?? '');
}

/** Each of these ends with one error, and changes nothing. */
async function refused(t: Test, { run }: Cluster): Promise<void> {
  const table: [string[], RegExp][] = [
    [
      ['-e', 'kubernetes.version=1.36.0'],
      new RegExp(`runs Kubernetes ${OLD}, and cannot go back to 1\\.36\\.0`),
    ],
    [['-e', 'kubernetes.version=1.38.0'], /would skip a minor version.*upgrade to 1\.37 first/],
    [['--limit', 'worker1'], /does not reach a control plane/],
  ];
  for (const [args, error] of table) {
    const { exitCode, errors, changed } = await run(...args);
    t.strictSame([exitCode, errors.length, changed], [1, 1, []], args.join(' '));
    t.match(errors[0], error);
  }
}

/** What the changes of a run do, or would do: `host: summary`. */
const summaries = (events: readonly Event[]): string[] =>
  events.flatMap((event) =>
    event.event === 'resource' && event.status !== 'ok'
      ? event.changes.map(({ summary }) => `${event.host}: ${summary}`)
      : [],
  );

async function dryRun(t: Test, cluster: Cluster): Promise<void> {
  const { exitCode, events } = await cluster.run('--check');
  t.equal(exitCode, 2);
  const would = summaries(events).filter((summary) => /upgrade|drain|restart/.test(summary));
  t.match(would[0], `control-plane: upgrade this control plane from ${OLD} to ${NEW}`);
  const drains = would.filter((summary) => summary.startsWith('control-plane: drain '));
  t.strictSame(
    drains.map((summary) => summary.replace(/,.*$/, '')),
    cluster.hosts.map(({ name }) => `control-plane: drain ${name}`),
  );
  t.strictSame(await nodeVersions(cluster), [OLD, OLD, OLD]);
}

async function upgrade(t: Test, cluster: Cluster): Promise<void> {
  const { run, home } = cluster;
  const snapshots = async () => Number(await ssh(home, 'ls /var/backups/kubernetes/*.tar.gz | wc -l'));
  await ssh(home, "touch -d '2 hours ago' /var/backups/kubernetes/*.tar.gz");
  const before = await snapshots();
  await underLoad(t, cluster, 'all', async () => shown(t, await run()));
  t.strictSame(await nodeVersions(cluster), [NEW, NEW, NEW]);
  t.equal(await snapshots(), before + 1, 'with a snapshot from before');
  const again = await run();
  t.strictSame([again.exitCode, again.errors, again.changed], [0, [], []], 'the second run changes nothing');
  const applied = await ssh(home, 'grep kubernetesVersion /etc/kubernetes/kubeadm.yaml; ls /etc/kubernetes');
  t.match(applied, `kubernetesVersion: v${NEW}`);
  t.notMatch(applied, 'upgrading');
}

/** Sends requests to every node while something happens. No idempotent request may be lost, or none at all. */
async function underLoad(
  t: Test,
  { hosts }: Cluster,
  protects: 'all' | 'idempotent',
  happens: () => Promise<void>,
): Promise<void> {
  const urls = hosts.map((host) => new URL(urlOf(host, 30080)).origin);
  const load = await startLoad({ urls, rate: 50, health: '/nodez', deadline: 20 });
  await happens();
  const { lost, asked, problems, failures, latency } = await load.stop();
  t.ok(asked > 1000, `${asked} requests`);
  const words = JSON.stringify({ lost, asked, latency, loadavg: loadavg(), failures });
  t.comment(words);
  t.strictSame([lost.idempotent, problems], [0, []], `no idempotent request was lost; ${words}`);
  if (protects === 'all') t.equal(lost.others, 0, 'and no other one');
}

/** A run that must succeed. Shows what it did, and how long that took. */
function shown(t: Test, { exitCode, errors, events }: Ran): void {
  for (const event of events)
    if (event.event === 'resource' && event.status === 'changed') {
      const done = event.changes.map(({ summary }) => summary).join('; ');
      t.comment(`${event.seconds.toFixed(1)} s ${event.host}: ${done}`);
    }
  t.strictSame([exitCode, errors], [0, []]);
}

/** While the Redis master moves, TheAPP refuses counters for a moment: it must not be on a node that reboots. */
async function moveRedisMasterTo(node: string, { kubectl }: Cluster): Promise<void> {
  const ask = (command: string) =>
    kubectl(
      `--namespace=production exec sentinel-1 -- sh -c 'REDISCLI_AUTH=$(cat /run/secrets/redis) redis-cli -p 26379 --raw SENTINEL ${command}'`,
    );
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(5000)) {
    const [master = ''] = (await ask('GET-MASTER-ADDR-BY-NAME theapp')).split('\n');
    const on = `--namespace=production get pod ${master} --output=jsonpath='{.spec.nodeName}'`;
    if ((await kubectl(on)).trim() === node) return;
    await ask('FAILOVER theapp || :');
  }
  throw new Error(`the Redis master did not move to ${node} within 120 s`);
}

/** The machines that need a reboot get one after another, workers first. */
async function reboots(t: Test, cluster: Cluster): Promise<void> {
  const { hosts, home, run, kubectl } = cluster;
  const primary = (
    await kubectl("--namespace=production get pod mysql-0 --output=jsonpath='{.spec.nodeName}'")
  ).trim();
  const worker = hosts.find(({ name }) => name !== home.name && name !== primary) as Host;
  await moveRedisMasterTo(primary, cluster);
  for (const host of [home, worker]) await ssh(host, 'touch /run/reboot-required /run/before-the-reboot');
  const left = await run();
  t.strictSame([left.exitCode, left.changed], [0, []], 'not without the variable');
  await underLoad(t, cluster, 'idempotent', async () => {
    const ran = await run('-e', 'kubernetes.reboot=true');
    shown(t, ran);
    const done = summaries(ran.events).filter((summary) => /: (drain|end|uncordon|reboot)\b/.test(summary));
    t.strictSame(
      done,
      [worker, home].flatMap(({ name }) => [
        `control-plane: drain ${name}`,
        `control-plane: end the pods of DaemonSets on ${name}`,
        `${name}: reboot`,
        `control-plane: uncordon ${name}`,
      ]),
    );
  });
  for (const host of [home, worker]) {
    const remains = await ssh(host, 'ls /run/reboot-required /run/before-the-reboot 2>/dev/null || :');
    t.equal(remains, '', `${host.name} has rebooted`);
  }
  const nodes = await kubectl('get nodes --no-headers');
  t.equal(nodes.match(/ Ready /g)?.length, hosts.length, nodes);
  const again = await run('-e', 'kubernetes.reboot=true');
  t.strictSame([again.exitCode, again.errors, again.changed], [0, [], []], 'the second run changes nothing');
}
