import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { type Host, urlOf } from '../provision/index.ts';
import { type LoadOptions, startLoad } from '../scripts/cluster/load/traffic.ts';
import { cloneInto } from '../testing/checkout.ts';
import { emulated, type Fleet, freshFleet } from '../testing/fleet.ts';
import { provisioned, ROOT, ssh } from '../testing/machine.ts';

const LAB = 'approach_2';

/** A cluster under test: its machines by name, and a run of the approach on them. */
interface Cluster {
  readonly fleet: Fleet;
  readonly hosts: Readonly<Record<string, Host>>;
  readonly urls: readonly string[];
  /** The options with which they are found. */
  readonly options: readonly string[];
  run(...args: string[]): ReturnType<typeof provisioned>;
  /** Runs a script as root on the manager and returns its output. */
  ask(script: string): Promise<string>;
}

t.test('three fresh machines', { timeout: 2_950_000 }, async (t) => {
  const fleet = await freshFleet(LAB);
  t.teardown(fleet.close);
  const { options } = fleet;
  const run = (...args: string[]) => provisioned(LAB, ...options, ...args);
  const first = await run();
  t.strictSame(first.errors, []);
  t.equal(first.exitCode, 0, 'from nothing to verified on every node');
  const hosts = Object.fromEntries(fleet.hosts.map((host) => [host.name, host]));
  const urls = Object.values(hosts).map((host) => new URL(urlOf(host, 80)).origin);
  const ask = (script: string) => ssh(hosts.manager as Host, script);
  const cluster = { fleet, hosts, urls, options, run, ask };
  await again(t, cluster);
  await nodeLost(t, cluster);
  await newRelease(t, cluster);
  await decommissioned(t, cluster);
});

/** The ids of the running tasks, except those of jobs. */
const tasks = async ({ ask }: Cluster) =>
  (
    await ask(
      'docker service ls -q | xargs docker service ps --filter desired-state=running -q --no-trunc | sort',
    )
  ).split('\n');

/** Runs the approach again, which must change nothing. */
async function again(t: Test, cluster: Cluster): Promise<void> {
  const before = await tasks(cluster);
  const second = await cluster.run();
  t.strictSame(
    [second.exitCode, second.errors, second.changed],
    [0, [], []],
    'the second run changes nothing',
  );
  t.strictSame(await tasks(cluster), before, 'and no task was replaced');
  t.equal((await cluster.ask('docker node ls --format "{{.Status}}"')).trim(), 'Ready\nReady\nReady');
  t.notMatch(
    await ssh(cluster.hosts.worker1 as Host, 'curl -sk https://registry.internal:5000/v2/_catalog'),
    'theapp',
    'the registry reveals nothing without its password',
  );
}

/** Cuts the power of a worker: the others continue. The next run restores it and leaves healthy tasks alone. */
async function nodeLost(t: Test, cluster: Cluster): Promise<void> {
  const [lost, ...others] = ['worker2', 'manager', 'worker1'] as const;
  const on = async (node: string) =>
    (await cluster.ask(`docker node ps ${node} --filter desired-state=running -q --no-trunc | sort`)).trim();
  const before = await Promise.all(others.map(on));
  const urls = others.map((name) => new URL(urlOf(cluster.hosts[name] as Host, 80)).origin);
  const load = await startLoad({ urls, ...lightly });
  await cluster.fleet.cutPower(lost);
  const down = `until docker node ls --format '{{.Hostname}} {{.Status}}' | grep -qx '${lost} Down'; do sleep 1; done`;
  await cluster.ask(`timeout 120 sh -c "${down}"`);
  await cluster.ask(
    `timeout 300 sh -c 'until [ "$(docker service ls --filter name=theapp_app --format "{{.Replicas}}")" = 3/3 ]; do sleep 2; done'`,
  );
  const { lost: requests, asked } = await load.stop();
  t.comment(`${asked} requests, lost: ${JSON.stringify(requests)}`);
  t.equal(requests.idempotent, 0, 'every idempotent request was answered, some after a retry');

  await cluster.fleet.powerOn(lost);
  const healed = await cluster.run();
  t.strictSame([healed.exitCode, healed.errors], [0, []], 'the next run brings the node back');
  const now = await Promise.all(others.map(on));
  t.ok(
    before.every((ids) => /\w/.test(ids)),
    'tasks ran on the remaining machines',
  );
  for (const [i, ids] of before.entries())
    for (const id of ids.split('\n')) t.match(now[i], id, `${others[i]} keeps the task ${id}`);
  t.strictSame((await cluster.run()).changed, [], 'and the one after changes nothing');
}

/** Deploys another release, replica by replica, from a separate checkout. */
async function newRelease(t: Test, cluster: Cluster): Promise<void> {
  const checkout = t.testdir();
  await cloneInto(checkout);
  appendFileSync(join(checkout, 'app', 'src', 'main.ts'), '// another release\n');
  const image = () =>
    cluster.ask('docker service inspect --format "{{.Spec.TaskTemplate.ContainerSpec.Image}}" theapp_app');
  const before = await image();
  const load = await startLoad({ urls: cluster.urls, ...lightly });
  const all = ['provision/cli.mjs', LAB, ...cluster.options];
  const { exitCode, stderr } = await execa(join(ROOT, 'node_modules/.bin/node'), all, {
    cwd: checkout,
    reject: false,
    stdin: 'ignore',
  });
  const { lost, asked, problems, failures, latency } = await load.stop();
  t.equal(exitCode, 0, `a new release${exitCode === 0 ? '' : `: ${stderr}`}`);
  t.not(await image(), before, 'the image is different');
  t.ok(asked > 200, `${asked} requests`);
  const words = `no request was lost; ${JSON.stringify({ latency, failures })}`;
  t.strictSame([lost, problems], [{ idempotent: 0, others: 0 }, []], words);
}

const lightly: Pick<LoadOptions, 'rate' | 'health' | 'deadline'> = {
  rate: emulated ? 20 : 50,
  health: '/nodez',
  deadline: 20,
};

/** After decommissioning, the machines have no containers, no swarm and no Docker. */
async function decommissioned(t: Test, { run, hosts }: Cluster): Promise<void> {
  const off = await run('--decommission', '--purge');
  t.strictSame([off.exitCode, off.errors], [0, []], 'decommission');
  for (const host of Object.values(hosts)) {
    const remains = await ssh(
      host,
      `command -v dockerd || :
ls -d /var/lib/docker /etc/docker /opt/stacks/* /etc/theapp-registry /var/lib/provision/preflight 2>/dev/null || :
grep registry.internal /etc/hosts || :
pgrep -l 'dockerd|containerd|node|nginx|mariadbd|redis' || :`,
    );
    t.equal(remains, '', `${host.name}: nothing remains`);
  }
  const twice = await run('--decommission', '--purge');
  t.strictSame([twice.exitCode, twice.changed], [0, []], 'a second decommission changes nothing');
}
