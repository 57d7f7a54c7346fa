import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { type Host, urlOf } from '../provision/index.ts';
import { skipFile } from '../provision/testing.ts';
import { startLoad } from '../scripts/cluster/load/traffic.ts';
import { cloneInto } from '../testing/checkout.ts';
import { dockerMissing, type Fleet, freshFleet } from '../testing/fleet.ts';
import { provisioned, type Ran, ROOT, ssh } from '../testing/machine.ts';
import { needsKubernetes } from '../testing/servers/kubernetes.ts';

skipFile((await needsKubernetes()) || (await dockerMissing()));

const LAB = 'approach_4';

/** A cluster under test. */
interface Cluster {
  readonly fleet: Fleet;
  /** The control plane. */
  readonly home: Host;
  readonly urls: readonly string[];
  run(...args: string[]): Promise<Ran>;
  /** Runs `kubectl` on the control plane and returns its output. */
  kubectl(words: string): Promise<string>;
}

t.test('three fresh machines', { timeout: 2_950_000 }, async (t) => {
  const fleet = await freshFleet(LAB);
  t.teardown(fleet.close);
  const run = (...args: string[]) => provisioned(LAB, ...fleet.options, ...args);
  const first = await run();
  t.strictSame(first.errors, []);
  t.equal(first.exitCode, 0, 'from nothing to verified in both environments, on every node');
  t.strictSame(checks(first).slice(0, 4), [
    'control-plane: certificates',
    'worker1: certificates',
    'worker2: certificates',
    'control-plane: snapshots of etcd',
  ]);
  const home = fleet.hosts.find(({ name }) => name === 'control-plane') as Host;
  const kubectl = (words: string) => ssh(home, `kubectl --kubeconfig=/etc/kubernetes/admin.conf ${words}`);
  const urls = fleet.hosts.map((host) => new URL(urlOf(host, 30080)).origin);
  const cluster = { fleet, home, urls, run, kubectl };
  await t.test('again', (t) => again(t, cluster));
  await t.test('the page of nodes and pods', (t) => visualised(t, cluster));
  await t.test('changes by hand', (t) => byHand(t, cluster));
  await t.test('connections that are not in the diagram', (t) => denied(t, cluster));
  await t.test('a new release under load', (t) => newRelease(t, cluster));
  await t.test('decommission', (t) => decommissioned(t, cluster));
});

async function again(t: Test, { run, kubectl }: Cluster): Promise<void> {
  const { exitCode, errors, changed } = await run();
  t.strictSame([exitCode, errors, changed], [0, [], []], 'the second run changes nothing');
  const nodes = await kubectl(
    `get nodes --output=jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'`,
  );
  t.equal(nodes.trim(), 'True\nTrue\nTrue');
}

/** Every node serves the page. The page can reach the API server, but nothing else. */
async function visualised(t: Test, { fleet, home, kubectl }: Cluster): Promise<void> {
  const addresses = await kubectl(
    `get nodes --output=jsonpath='{.items[*].status.addresses[?(@.type=="InternalIP")].address}'`,
  );
  const pages = addresses.trim().split(' ');
  t.equal(pages.length, fleet.hosts.length);
  for (const address of pages) {
    const page = await ssh(home, `curl --fail --silent --show-error http://${address}:30090/`);
    for (const environment of ['production', 'staging'])
      t.match(page, `<h2>${environment} <span class="good">healthy</span></h2>`);
    for (const { name } of fleet.hosts) t.match(page, `<h2>${name} <span class="good">ready</span></h2>`);
  }
  const edge = await kubectl('--namespace=production get service/edge --output=jsonpath={.spec.clusterIP}');
  const script = `fetch("http://${edge.trim()}/", { signal: AbortSignal.timeout(3000) }).then(() => console.log("answers"), () => console.log("refused"))`;
  const words = `--namespace=visualiser exec deployment/visualiser -- node --eval '${script}'`;
  t.equal((await kubectl(words)).trim(), 'refused', 'it cannot reach nginx');
}

/** A dry run names exactly what somebody has changed, and the next run repairs it. */
async function byHand(t: Test, { run, kubectl }: Cluster): Promise<void> {
  await kubectl('--namespace=staging set image deployment/memcached memcached=memcached:by-hand');
  await kubectl('--namespace=staging scale deployment/edge --replicas=2');
  await kubectl('--namespace=production delete networkpolicy/default-deny');
  const check = await run('--check');
  t.equal(check.exitCode, 2);
  t.strictSame(summaries(check), [
    'undo manual changes: Deployment memcached (spec.template.spec.containers[memcached].image)',
    'undo manual changes: Deployment edge (spec.replicas)',
    'undo manual changes: NetworkPolicy default-deny (deleted)',
  ]);
  const repaired = await run();
  t.strictSame([repaired.exitCode, repaired.errors], [0, []]);
  t.strictSame((await run()).changed, [], 'and the run after it changes nothing');
}

/** What the changes of a run do, or would do. */
const summaries = ({ events }: Ran): string[] =>
  events.flatMap((event) =>
    event.event === 'resource' && event.status !== 'ok' ? event.changes.map(({ summary }) => summary) : [],
  );

/** What a run has verified, in order. */
const checks = ({ events }: Ran): string[] =>
  events.flatMap((event) => (event.event === 'verify' && event.ok ? [event.check] : []));

async function denied(t: Test, { kubectl }: Cluster): Promise<void> {
  const answer = async (to: string) => {
    const words = `--namespace=staging exec deployment/edge -- curl --silent --max-time 3 --output /dev/null http://${to}/`;
    return (await kubectl(`${words} 2>/dev/null || echo "exit code $?"`)).trim();
  };
  t.equal(await answer('theapp:3000'), '', 'nginx reaches TheAPP');
  // curl could not connect, or not in time
  const refused = /^exit code (7|28)$/;
  t.match(await answer('mysql-primary:3306'), refused, 'nginx cannot reach MariaDB');
  t.match(await answer('theapp.production:3000'), refused, 'staging cannot reach production');
}

/**
 * Another release, from a separate checkout, reaches staging, then production, which then rolls back to the previous one.
 * No request to production is lost.
 */
async function newRelease(t: Test, { fleet, urls, kubectl }: Cluster): Promise<void> {
  const checkout = t.testdir();
  await cloneInto(checkout);
  appendFileSync(join(checkout, 'app', 'src', 'main.ts'), '// another release\n');
  const image = (environment: string) =>
    kubectl(
      `--namespace=${environment} get deployment/theapp --output=jsonpath='{.spec.template.spec.containers[0].image}'`,
    );
  const command = async (...words: string[]) => {
    const program = join(ROOT, 'node_modules/.bin/node');
    const all = ['provision/cli.mjs', ...words, ...fleet.options];
    const { exitCode, stderr } = await execa(program, all, { cwd: checkout, reject: false, stdin: 'ignore' });
    t.equal(exitCode, 0, `${words.join(' ')}${exitCode === 0 ? '' : `: ${stderr}`}`);
    return stderr;
  };
  const before = await image('production');
  const load = await startLoad({ urls, rate: 50, health: '/nodez', deadline: 20 });
  await command('deploy', LAB, 'staging');
  const candidate = await image('staging');
  t.not(candidate, before, 'a new release');
  t.equal(await image('production'), before, 'only in staging');
  await command('promote', LAB);
  t.equal(await image('production'), candidate, 'exactly what runs in staging');
  t.match(await command('promote', LAB), 'nothing to promote: production already runs this release');
  await command(LAB, '--rollback', '-e', 'environment=production');
  t.strictSame([await image('production'), await image('staging')], [before, candidate]);
  const { lost, asked, problems, failures, latency } = await load.stop();
  t.ok(asked > 200, `${asked} requests`);
  const words = `no request was lost; ${JSON.stringify({ latency, failures })}`;
  t.strictSame([lost, problems], [{ idempotent: 0, others: 0 }, []], words);
}

/** After decommissioning, the machines have no cluster, and nothing of it in their kernels. */
async function decommissioned(t: Test, { run, fleet }: Cluster): Promise<void> {
  const off = await run('--decommission', '--purge');
  t.strictSame([off.exitCode, off.errors], [0, []], 'decommission');
  for (const host of fleet.hosts) {
    const remains = await ssh(
      host,
      `command -v kubeadm kubelet kubectl helm buildah containerd || :
ls -d /etc/kubernetes /etc/cni /etc/containerd /var/lib/kubelet /var/lib/etcd /var/lib/containerd /var/lib/theapp-volumes /var/lib/theapp-registry /var/backups/kubernetes /etc/haproxy /opt/cni /usr/local/sbin/kubernetes-* /etc/systemd/system/kubernetes-* 2>/dev/null || :
grep -E '(registry|kubernetes).internal' /etc/hosts || :
iptables-save 2>/dev/null | grep -i kube || :
ip -br link | grep -E 'kube|cni|veth' || :
findmnt --noheadings --output TARGET | grep kubelet || :
pgrep -l 'kube|etcd|containerd|node|nginx|mariadbd|redis' || :`,
    );
    t.equal(remains, '', `${host.name}: nothing remains`);
  }
  const twice = await run('--decommission', '--purge');
  t.strictSame([twice.exitCode, twice.changed], [0, []], 'a second decommission changes nothing');
}
