import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { applyOnce, becomeRoot, isolated, localShell, pending } from '../../../provision/testing.ts';
import { words } from '../../../testing/nodes.ts';
import { type Kubernetes, needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import { carrying } from './carrying.ts';
import { drained } from './drained.ts';
import { left } from './reboot.ts';

t.setTimeout(120_000);
const skip = becomeRoot() || (await needsKubernetes());

const NODE = 'worker1';
const everything = [{ operator: 'Exists' }];
const claims = [{ name: 'data', persistentVolumeClaim: { claimName: 'data-redis-0' } }];

/** A pod that a controller has created. */
const pod = (name: string, kind: string, spec: object = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    labels,
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'its-owner', uid: '1', controller: true }],
  },
  spec: { containers: [{ name: 'main', image: 'example.org/main:1' }], ...spec },
});
const redis = (spec: object) =>
  pod(
    'redis-0',
    'StatefulSet',
    { volumes: claims, ...spec },
    { 'statefulset.kubernetes.io/pod-name': 'redis-0' },
  );

const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: NODE },
  spec: { unschedulable: true },
  status: {
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    nodeInfo: { kubeletVersion: 'v1.36.3' },
  },
};
const volume = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'worker1-01', labels: { 'provisioner/node': NODE } },
  spec: {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    local: { path: '/var/lib/theapp-volumes/01' },
    claimRef: { namespace: 'default', name: 'data-redis-0' },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [NODE] }] },
        ],
      },
    },
  },
};

/** What a kubelet would do. */
const isReady = ({ kubectl }: Kubernetes, name: string) =>
  kubectl(
    ...['patch', 'pod', name, '--subresource=status', '--type=merge', '--patch'],
    JSON.stringify({ status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }),
  );
const end = ({ kubectl }: Kubernetes, ...names: string[]) =>
  kubectl('delete', 'pod', ...names, '--force', '--grace-period=0');

t.test('the pods of a node, on a real API server', { skip }, async (t) => {
  const cluster = await startKubernetes();
  t.teardown(() => cluster.stop());
  const kubernetes = { 'admin.conf': readFileSync(cluster.kubeconfig, 'utf8') };
  const alternatives = { awk: t.fixture('symlink', realpathSync('/usr/bin/awk')) };
  const root = t.testdir({ etc: { kubernetes, alternatives }, run: {} });
  const shell = localShell(
    isolated({ '/usr/local/bin': cluster.programs, '/etc': join(root, 'etc'), '/run': join(root, 'run') }),
  );
  t.teardown(() => shell.close());
  const create = (...objects: object[]) => {
    for (const object of objects) cluster.send(JSON.stringify(object), 'create', '--filename=-');
  };
  const here = { nodeName: NODE };
  create(
    node,
    volume,
    pod('app-1', 'ReplicaSet', here),
    pod('edge-1', 'DaemonSet', here),
    pod('proxy-1', 'DaemonSet', { ...here, tolerations: everything }),
    redis(here),
  );
  for (const name of ['app-1', 'edge-1', 'proxy-1', 'redis-0']) isReady(cluster, name);

  await t.test('which are drained', async (t) => {
    const drains = async (whole: boolean) => words(await pending(drained(NODE, whole, 30), shell));
    t.strictSame(await drains(false), [`drain ${NODE}, but not redis-0`]);
    t.strictSame(await drains(true), [`drain ${NODE}`]);
    end(cluster, 'app-1');
    t.strictSame(await drains(false), [], 'what is left can run nowhere else, or belongs to a DaemonSet');
    end(cluster, 'redis-0');
    t.strictSame(await drains(true), []);
  });

  await t.test('those of DaemonSets leave before a reboot', async (t) => {
    const leaving = applyOnce(left(NODE, 60), shell);
    const taints = () => cluster.kubectl('get', 'node', NODE, '--output=jsonpath={.spec.taints[*].key}');
    while (!taints().includes('provisioner/reboot')) await sleep(200);
    end(cluster, 'edge-1');
    t.strictSame(words(await leaving), [`end the pods of DaemonSets on ${NODE}`]);
    t.strictSame(await pending(left(NODE, 60), shell), [], 'the one that tolerates everything stays');
  });

  await t.test('a node is back once its pods are ready', async (t) => {
    create(redis({}), pod('app-2', 'ReplicaSet'));
    let back = false;
    const returning = applyOnce(carrying(NODE, [], 60), shell).finally(() => {
      back = true;
    });
    const cordoned = () => cluster.kubectl('get', 'node', NODE, '--output=jsonpath={.spec.unschedulable}');
    while (cordoned() === 'true') await sleep(200);
    await sleep(6000);
    t.notOk(back, 'redis-0 waits for a volume of this node');
    isReady(cluster, 'redis-0');
    t.strictSame(words(await returning), [`uncordon ${NODE}`], 'app-2 may run anywhere');
    t.strictSame(await pending(carrying(NODE, [], 60), shell), []);
  });
});
