import { execFileSync } from 'node:child_process';
import t from 'tap';
import { parse } from 'yaml';
import type { Host } from '../../../provision/index.ts';
import { debian, title, vm } from '../../../provision/testing.ts';
import { type Given, members, words } from '../../../testing/nodes.ts';
import { kubernetes } from '../index.ts';
import { parseNodes } from '../nodes.ts';
import type { Work } from '../survey.ts';
import type { Step } from '../vars.ts';
import { WAITING } from './carrying.ts';
import { drained, readDrained } from './drained.ts';
import { upgraded, upgradeOf } from './index.ts';

/** Printed by the probe on a cluster of approach_4. */
const pods = `vm|True|<no value>|v1.36.1
--- pods
production|mysql-primary-0|mysql-primary-0|StatefulSet|Running|data 
production|redis-0|redis-0|StatefulSet|Running|data 
production|theapp-7d4b9c-abcde|<no value>|ReplicaSet|Running|
production|mysql-backup-29|<no value>|Job|Succeeded|backup 
kube-system|kube-proxy-x2x4z|<no value>|DaemonSet|Running|
kube-system|etcd-vm||Node|Running|
--- local
production/data
`;

t.test('drained: pods that could run nowhere else stay, unless the node goes down', async (t) => {
  const state = readDrained('vm', pods);
  t.match(state.pods[0], { name: 'mysql-primary-0', named: true, claims: ['production/data'] });
  const plan = (everything: boolean, given = state) =>
    drained('vm', everything, 60)
      .plan(given)
      .map(({ summary, script }) => [summary, script.text] as const);
  const [[summary, script] = ['', '']] = plan(false);
  t.equal(summary, 'drain vm, but not mysql-primary-0, redis-0');
  t.match(script, "'--pod-selector=statefulset.kubernetes.io/pod-name notin (mysql-primary-0, redis-0)'");
  const [[whole, all] = ['', '']] = plan(true);
  t.equal(whole, 'drain vm');
  t.notMatch(all, 'pod-selector');
  const left = state.pods.filter(({ owner }) => owner !== 'ReplicaSet');
  t.strictSame(plan(false, { ...state, cordoned: true, pods: left }), [], 'it is drained');
  t.equal(plan(true, { ...state, cordoned: true, pods: left }).length, 1, 'not for a reboot');
  t.equal(plan(false, { ...state, pods: left }).length, 1, 'not cordoned');
});

const resources = (step: Step, given: Given = {}) =>
  kubernetes({ ...given, part: 'step', step })
    .resolve([])
    .resources(debian, vm);

t.test('the steps of a host', async (t) => {
  t.strictSame(resources({ does: 'kubelet' }).map(title), [
    'apt.packages kubelet=1.36.3-* kubectl=1.36.3-*',
    'apt.held kubelet kubeadm kubectl',
    'kubernetes kubelet',
  ]);
  const apply = resources({ does: 'apply' }).at(-1);
  t.strictSame(apply?.plan({ version: '1.36.3', interrupted: false }), []);
  const [change] = apply?.plan({ version: '1.36.1', interrupted: false }) ?? [];
  t.equal(change?.summary, 'upgrade this control plane from 1.36.1 to 1.36.3');
  t.match(change?.script.text, /kubeadm upgrade apply --config=\/run\/provision-upgrade\/config\.yaml --yes/);
  t.match(apply?.plan({ version: '1.36.3', interrupted: true })[0]?.summary, /^complete the upgrade/);
  const config = parse(/printf %s '([\s\S]*?)' \| cat >/.exec(change?.script.text ?? '')?.[1] ?? '');
  const directory = '/run/provision-upgrade/patches';
  const { apiVersion, timeouts, ...upgrades } = config;
  t.match(apiVersion, 'kubeadm.k8s.io/');
  t.match(timeouts, { upgradeManifests: '300s' });
  t.match(upgrades, {
    kind: 'UpgradeConfiguration',
    apply: { kubernetesVersion: 'v1.36.3', patches: { directory } },
    node: { patches: { directory } },
  });
  const worker = resources({ does: 'prepare' }, { members }).at(-1)?.plan('')[0]?.script.text;
  t.match(worker, /kubeadm upgrade node/);
  t.notMatch(worker, 'corednsdeployment', 'a worker has nothing to patch');
  const node = resources({ does: 'node' }).at(-1)?.plan({ version: '1.36.1', interrupted: false });
  t.match(node?.[0]?.script.text, /kubeadm upgrade node --config=\S+ +>&9/);
  t.match(node?.[0]?.script.text, /--server=https:\/\/10\.0\.2\.15:6443/, 'its own API server answers');
  t.notMatch(resources({ does: 'node' }).map(title).join(), 'snapshot', 'one for all control planes');
  const saved = resources({ does: 'apply' }).find(
    (one) => title(one) === 'kubernetes snapshot before the upgrade',
  );
  t.strictSame(words(saved?.plan(true)), []);
  t.strictSame(words(saved?.plan(false)), ['save a snapshot of etcd']);
  const restart = resources({ does: 'kubelet' }).at(-1);
  t.strictSame(restart?.plan('1.36.3'), []);
  t.equal(restart?.plan('1.36.1')[0]?.summary, 'restart it, because 1.36.1 runs');
  const [reboot] = resources({ does: 'reboot' });
  t.strictSame([reboot?.reboots, reboot?.plan(false)], [true, []]);
  t.equal(reboot?.plan(true)[0]?.summary, 'reboot');
});

t.test('kubeadm writes the Deployment of CoreDNS as the cluster has it', async (t) => {
  const script = (given: Given) =>
    resources({ does: 'apply' }, given).at(-1)?.plan({ version: '1.36.1', interrupted: false })[0]?.script
      .text ?? '';
  const patch = (given: Given) =>
    /printf %s '([^']*)' \| cat >\S*\/patches\/.*corednsdeployment\+strategic\.json/.exec(script(given))?.[1];
  t.match(parse(patch({ members }) ?? ''), { spec: { replicas: 2, template: {} } });
  t.match(parse(patch({ members, drained: ['worker1'] }) ?? ''), { spec: { replicas: 1 } });
  t.equal(patch({ members: members.slice(0, 1) }), undefined, 'kubeadm runs two on the only node');
  const [dns] = resources({ does: 'settle' }, { members });
  t.match(dns?.plan('2 kubernetes.io/hostname ')[0]?.script.text, patch({ members }), 'the same patch');
});

t.test('the controllers are patient while an API server is away', async (t) => {
  const plan = (does: 'raise-grace' | 'restore-grace', found: string, given: Given = {}) =>
    words(resources({ does }, given).at(-1)?.plan(found));
  t.strictSame(plan('raise-grace', '12s'), ['count a node as lost after 300s without a report, not 12s']);
  t.strictSame(plan('raise-grace', '300s'), [], 'an interrupted run has raised it');
  t.strictSame(plan('raise-grace', '400s', { node_grace_seconds: 400 }), [], 'it is never lowered');
  t.strictSame(plan('restore-grace', '300s'), ['count a node as lost after 12s without a report, not 300s']);
  t.strictSame(plan('restore-grace', ''), [], 'a host that is not a control plane yet');
  const later = kubernetes({ part: 'maintenance' }).resolve([]).resources(debian, vm).at(-1);
  t.strictSame(words(later?.plan('300s')), plan('restore-grace', '300s'), 'a later run puts it back');
});

t.test('the nodes of removed hosts make way', async (t) => {
  const [etcd, nodes] = resources({ does: 'prune' }, { etcd: ['cp1'], absentees: ['cp1', 'w1'] });
  const members = ['cp1', 'cp9'].map((name) => ({ id: `${name}1`, name }));
  t.strictSame(words(etcd?.plan(members)), ['remove cp9']);
  const known = parseNodes('cp1|True||v1.36.1|\ncp9|Unknown||v1.36.1|\nw1|False||v1.36.1|\n');
  t.strictSame(words(nodes?.plan(known)), ['remove cp9, which is not ready']);
});

t.test('a node that comes back carries pods again, unless it should stay drained', async (t) => {
  const plans = (line: string, drained: string[] = []) =>
    resources({ does: 'return', node: 'vm' }, { drained }).map((one) => words(one.plan(parseNodes(line))));
  t.strictSame(plans('vm|True|true|v1.36.1|\n'), [['wait until it is ready with 1.36.3'], ['uncordon vm']]);
  t.strictSame(plans('vm|True|<no value>|v1.36.3|\n'), [[], []]);
  t.strictSame(plans('vm|True|true|v1.36.3|\n', ['vm']), [[], []]);
  const rebooted = 'vm|True|true|v1.36.3|node.kubernetes.io/unschedulable provisioner/reboot \n';
  t.strictSame(plans(rebooted, ['vm']), [[], ['let DaemonSets run on vm again']]);
  const [, change] = resources({ does: 'return', node: 'vm' });
  t.match(
    change?.plan(parseNodes(rebooted))[0]?.script.text,
    /taint node vm provisioner\/reboot- [\s\S]* uncordon vm [\s\S]*waiting\(\)/,
  );
});

t.test('the next node waits for the pods of a node', async (t) => {
  const printed = `production/app-1|vm|True|
production/edge-2|vm|False|
production/edge-3|other|False|
production/redis-0|<no value>||production/data-redis-0 
production/redis-1|<no value>||production/data-redis-1 
production/app-2|<no value>||
`;
  const claims = ' staging/data-redis-1 production/data-redis-0 ';
  const waiting = execFileSync('awk', ['-F', '|', '-v', 'node=vm', '-v', `claims=${claims}`, WAITING], {
    input: printed,
    encoding: 'utf8',
  });
  t.equal(waiting, 'production/edge-2\nproduction/redis-0\n');
});

t.test('before a reboot, the pods of DaemonSets leave', async (t) => {
  const [leave] = resources({ does: 'leave', node: 'vm' });
  const plan = (stdout: string) =>
    leave && 'script' in leave.probe
      ? words(leave.plan(leave.probe.read({ code: 0, stdout, stderr: '' })))
      : undefined;
  const ready = 'vm|True|true|v1.36.3|';
  t.strictSame(plan(`${ready}\n--- pods\n`), ['end the pods of DaemonSets on vm'], 'none may start');
  t.strictSame(plan(`${ready}provisioner/reboot \n--- pods\nproduction/edge-1\n`), [
    'end the pods of DaemonSets on vm',
  ]);
  t.strictSame(plan(`${ready}provisioner/reboot \n--- pods\n`), []);
});

t.test('a node keeps its version until its turn', async (t) => {
  const names = (installed: Record<string, string>) =>
    kubernetes({ installed }).resolve([]).resources(debian, vm).map(title).join('\n');
  t.match(names({ vm: '1.36.3' }), 'kubelet=1.36.3-*');
  t.notMatch(names({ vm: '1.36.1' }), 'kubelet=', 'whatever an interrupted upgrade has left');
  t.match(names({ other: '1.36.1' }), 'kubelet=1.36.3-*', 'a new node');
});

/** An approach's context that reads these, and records what is applied: `host: step`. */
function recording(printed: Readonly<Record<string, string>>) {
  const applied: string[] = [];
  const hosts = Object.keys(printed).map((name): Host => ({ ...vm, name }));
  const work: Work = {
    remaining: (of) => of,
    facts: async () => debian,
    read: async ({ name }) => printed[name] ?? '',
    variables: (_host, call) => call.resolve([{ values: { reboot: true }, where: () => '-e' }]).vars,
    warn: (message) => void applied.push(message),
    apply: async (to, ...calls) => {
      for (const call of calls) {
        const { step } = call.resolve([]).vars as { step: Step };
        const of =
          'node' in step ? ` ${step.node}${'everything' in step && step.everything ? ' whole' : ''}` : '';
        applied.push(`${[to].flat()[0]?.name}: ${step.does}${of}`);
      }
    },
  };
  return { applied, hosts, work };
}

t.test('one node after another, then the reboots, the control plane last', async (t) => {
  const nodes = '--- nodes\ncp|True|<no value>|v1.36.1|\nw1|True|<no value>|v1.36.1|\n';
  const { applied, hosts, work } = recording({
    cp: `reboot\nkubelet 1.36.1-1.1\napi 1.36.1\n${nodes}`,
    w1: 'reboot\nkubelet 1.36.1-1.1\napi \n',
  });
  const [home] = hosts as [Host];
  const upgrade = await upgradeOf(work, hosts, [home]);
  t.strictSame(upgrade.installed, { cp: '1.36.1', w1: '1.36.1' });
  await upgraded(work, { all: hosts, controlPlanes: [home], home, members }, upgrade);
  t.strictSame(applied, [
    ...['cp: raise-grace', 'cp: apply', 'cp: settle', 'cp: restore-grace'],
    ...['cp: drain cp', 'cp: kubelet', 'cp: return cp'],
    ...['w1: prepare', 'cp: drain w1', 'w1: kubelet', 'cp: return w1'],
    ...['cp: drain w1 whole', 'cp: leave w1', 'w1: reboot', 'cp: return w1'],
    'cp: raise-grace',
    ...['cp: drain cp whole', 'cp: leave cp', 'cp: reboot', 'cp: return cp'],
    'cp: restore-grace',
  ]);
});

t.test('several control planes: the controllers of each, before each turn', async (t) => {
  const nodes = '--- nodes\ncp1|True|<no value>|v1.36.1|\ncp2|True|<no value>|v1.36.1|\n';
  const { applied, hosts, work } = recording({
    cp1: `kubelet 1.36.1-1.1\napi 1.36.3\n${nodes}`,
    cp2: 'kubelet 1.36.1-1.1\napi 1.36.1\n',
  });
  const upgrade = await upgradeOf(work, hosts, hosts);
  await upgraded(work, { all: hosts, controlPlanes: hosts, home: hosts[0] as Host, members }, upgrade);
  t.strictSame(applied.slice(0, 6), [
    ...['cp1: raise-grace', 'cp2: raise-grace', 'cp2: node', 'cp1: settle'],
    ...['cp1: restore-grace', 'cp2: restore-grace'],
  ]);
});
