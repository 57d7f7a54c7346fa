import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { becomeRoot, sshd } from '../../../provision/testing.ts';
import { kubernetesPrograms, needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import { freePort, launch, newFolder } from '../../../testing/servers/process.ts';
import { until } from '../../../testing/servers/server.ts';
import { kubernetes } from '../index.ts';
import { isOwn } from '../serving.ts';
import { commands, FOLDER } from './files.ts';

t.setTimeout(240_000);
const skip = becomeRoot() || (await needsKubernetes());
const ADDRESS = '192.0.2.10';
const config = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: ${ADDRESS} }
nodeRegistration: { name: home }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
encryptionAlgorithm: ECDSA-P256
`;

/** The folders of a control plane: what kubeadm writes, and what this role adds. */
async function controlPlane(given: Parameters<typeof kubernetes>[0] = {}) {
  const root = await newFolder('control-plane');
  const bin = join(root, 'usr/local/bin');
  for (const path of [
    'etc/kubernetes/encryption',
    'run',
    'var/lib',
    'usr/local/bin',
    'usr/local/lib',
    'usr/local/sbin',
  ])
    mkdirSync(join(root, path), { recursive: true });
  const { kubernetes: program } = await kubernetesPrograms();
  for (const name of ['kubeadm', 'kubectl', 'etcd', 'etcdctl', 'etcdutl'])
    symlinkSync(program, join(bin, name));
  writeFileSync(join(root, 'etc/kubernetes/kubeadm.yaml'), config);
  writeFileSync(join(root, 'etc/kubernetes/encryption/config.yaml'), 'the key\n');
  for (const phase of ['certs all', 'kubeconfig admin', 'etcd local', 'control-plane apiserver']) {
    const words = [
      'init',
      'phase',
      ...phase.split(' '),
      '--rootfs',
      root,
      '--config',
      '/etc/kubernetes/kubeadm.yaml',
    ];
    await execa(join(bin, 'kubeadm'), words);
  }
  mkdirSync(join(root, FOLDER));
  const { vars } = kubernetes(given).resolve([]);
  for (const resource of commands(vars)) {
    const [, path] = /^\S+ (\/.*)$/.exec(`${resource.kind} ${resource.name}`) ?? [];
    const text = resource.kind === 'file' ? resource.plan({ kind: 'absent' })[0]?.diff?.after : undefined;
    if (path && text !== undefined) writeFileSync(join(root, path), text, { mode: 0o755 });
  }
  const env = { MAINTENANCE_ROOT: root, PATH: `${bin}:${process.env.PATH}` };
  const run = (command: string, ...words: string[]) =>
    execa(join(root, `usr/local/sbin/kubernetes-${command}`), words, { env, reject: false, all: true });
  return { root, bin, run };
}

type ControlPlane = Awaited<ReturnType<typeof controlPlane>>;

/** Starts etcd as its manifest says, in these folders and on free ports. */
async function startEtcd(t: Test, { root, bin }: ControlPlane) {
  const manifest = join(root, 'etc/kubernetes/manifests/etcd.yaml');
  const [client, peer, metrics] = [await freePort(), await freePort(), await freePort()];
  const text = readFileSync(manifest, 'utf8')
    .replaceAll(ADDRESS, '127.0.0.1')
    .replace(/--listen-client-urls=.*/, `--listen-client-urls=https://127.0.0.1:${client}`)
    .replaceAll(':2379', `:${client}`)
    .replaceAll(':2380', `:${peer}`)
    .replaceAll(':2381', `:${metrics}`);
  writeFileSync(manifest, text);
  const words = [...text.matchAll(/^ {4}- (--.*)$/gm)].map(([, word = '']) =>
    word.replace(/=\/(etc|var)\//, `=${root}/$1/`),
  );
  const log = join(root, 'etcd.log');
  const etcd = launch(join(bin, 'etcd'), words, log);
  t.teardown(() => etcd.end('SIGKILL'));
  const keys = join(root, 'etc/kubernetes/pki/etcd');
  const access = [`--endpoints=https://127.0.0.1:${client}`, `--cacert=${keys}/ca.crt`];
  const own = [`--cert=${keys}/healthcheck-client.crt`, `--key=${keys}/healthcheck-client.key`];
  const ctl = async (...given: string[]) =>
    (await execa(join(bin, 'etcdctl'), [...access, ...own, ...given])).stdout.trim();
  await until(() => ctl('endpoint', 'health'), etcd.runs, log);
  return { ctl, stop: () => etcd.end('SIGTERM') };
}

const snapshotsIn = (root: string) =>
  readdirSync(join(root, 'var/backups/kubernetes')).filter((name) => name.endsWith('.tar.gz'));

t.test('a snapshot of etcd, and a new machine that starts from it', { skip }, async (t) => {
  const home = await controlPlane({ snapshots: 2 });
  const { root } = home;
  const etcd = await startEtcd(t, home);
  await etcd.ctl('put', 'first', 'kept');
  const saved = await home.run('snapshot');
  t.equal(saved.exitCode, 0, saved.all);
  const [name = ''] = snapshotsIn(root);
  t.match(name, /^home-\d{8}T\d{6}Z\.tar\.gz$/);
  const file = join(root, 'var/backups/kubernetes', name);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(join(root, 'var/backups/kubernetes')).mode & 0o777, 0o700);
  const { stdout } = await execa('tar', ['-tzf', file]);
  for (const one of [
    'etcd.db',
    'etc/kubernetes/pki/ca.key',
    'etc/kubernetes/pki/sa.key',
    'etc/kubernetes/encryption/config.yaml',
  ])
    t.match(stdout, one);
  t.notMatch(stdout, 'admin.conf', 'nothing that kubeadm generates again');
  copyFileSync(file, join(root, 'kept.tar.gz'));
  const revision = await revisionOf(etcd);
  await etcd.ctl('del', 'first');
  await etcd.ctl('put', 'second', 'undone');
  await t.test('only the newest are kept', async (t) => {
    for (let i = 0; i < 3; i++) {
      // the names of snapshots have seconds
      await sleep(1100);
      t.equal((await home.run('snapshot')).exitCode, 0);
    }
    t.equal(snapshotsIn(root).length, 2);
    t.notOk(existsSync(file));
  });
  t.strictSame(
    readdirSync(join(root, 'var/backups/kubernetes')).filter((one) => one.startsWith('.')),
    [],
    'no draft is left',
  );

  const other = await controlPlane();
  const restored = await other.run('restore', '--fresh', join(root, 'kept.tar.gz'), 'home', ADDRESS);
  t.equal(restored.exitCode, 0, restored.all);
  const read = (path: string, from: string) => readFileSync(join(from, 'etc/kubernetes', path), 'utf8');
  for (const path of ['pki/ca.key', 'pki/etcd/ca.crt', 'encryption/config.yaml'])
    t.equal(read(path, other.root), read(path, root), `${path} is that of the snapshot`);
  t.notOk(existsSync(join(other.root, 'etc/kubernetes/pki/apiserver.crt')), 'kubeadm generates the others');
  await execa(join(other.bin, 'kubeadm'), [
    ...['init', 'phase', 'certs', 'all', '--rootfs', other.root],
    ...['--config', '/etc/kubernetes/kubeadm.yaml'],
  ]);
  await etcd.stop();
  const again = await startEtcd(t, other);
  t.equal(await again.ctl('get', 'first', '--print-value-only'), 'kept');
  t.equal(await again.ctl('get', 'second', '--print-value-only'), '');
  t.ok((await revisionOf(again)) > revision + 1e9 - 1, 'no client takes an old state for a newer one');

  writeFileSync(join(root, 'kept.tar.gz'), 'damaged');
  const damaged = await other.run('restore', '--fresh', join(root, 'kept.tar.gz'), 'home', ADDRESS);
  t.equal(damaged.exitCode, 1);
  t.match(damaged.all, /is not a snapshot of kubernetes-snapshot, or is damaged/);
});

async function revisionOf({ ctl }: Awaited<ReturnType<typeof startEtcd>>): Promise<number> {
  return JSON.parse(await ctl('get', 'first', '--write-out=json')).header.revision;
}

t.test('a snapshot is copied to another host', { skip }, async (t) => {
  const server = await sshd({ lines: ['Subsystem sftp internal-sftp'] });
  t.teardown(() => server.stop());
  const folder = join(server.folder, 'snapshots');
  mkdirSync(folder);
  const [host_key = ''] = server.hostKeys;
  const copy = { target: 'root@127.0.0.1', port: server.port, folder, host_key };
  const home = await controlPlane({ snapshot_copy: copy });
  await startEtcd(t, home);
  const own = join(home.root, FOLDER);
  const known = (key: string) => writeFileSync(join(own, 'known_hosts'), `snapshots ${key}\n`);
  const backups = join(home.root, 'var/backups/kubernetes');
  t.equal((await home.run('snapshot', '--local')).exitCode, 0, 'without a key at the target');
  copyFileSync(server.key, join(own, 'key'));
  chmodSync(join(own, 'key'), 0o600);
  known('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
  const wrong = await home.run('snapshot');
  t.equal(wrong.exitCode, 1);
  t.match(
    wrong.all,
    /kubernetes-snapshot: home-.*gz cannot be copied to root@127\.0\.0\.1:.*[\s\S]*host key/i,
  );
  t.strictSame(readdirSync(folder), [], 'nothing reaches a host with another key');
  known(host_key);
  await sleep(1100);
  t.equal((await home.run('snapshot')).exitCode, 0);
  t.strictSame(
    readdirSync(folder).sort(),
    snapshotsIn(home.root).sort(),
    'those that were left are copied too',
  );
  t.equal(snapshotsIn(home.root).length, 3);
  for (const name of snapshotsIn(home.root))
    t.strictSame(readFileSync(join(folder, name)), readFileSync(join(backups, name)));
});

t.test('what a control plane approves', { skip }, async (t) => {
  const api = await startKubernetes();
  t.teardown(api.stop);
  const { root, run } = await controlPlane();
  copyFileSync(api.kubeconfig, join(root, 'etc/kubernetes/admin.conf'));
  api.kubectl(
    'create',
    'clusterrolebinding',
    'nodes',
    '--clusterrole=system:node-bootstrapper',
    '--group=system:nodes',
  );
  const worker = { host: 'worker1', address: '10.0.2.16' };
  writeFileSync(join(root, FOLDER, 'nodes'), `home ${ADDRESS}\n${worker.host} ${worker.address}\n`);
  const table: [string, string, string[]][] = [
    ['own', 'worker1', ['DNS:worker1', 'IP:10.0.2.16']],
    ['own-name', 'worker1', ['DNS:worker1']],
    ['other-node', 'home', ['DNS:worker1', 'IP:10.0.2.16']],
    ['other-address', 'worker1', ['DNS:worker1', `IP:${ADDRESS}`]],
    ['other-name', 'worker1', ['DNS:worker1', 'IP:10.0.2.16', 'DNS:kubernetes.default']],
    ['longer-name', 'worker1', ['DNS:worker1.example.org']],
    ['unknown', 'worker9', ['DNS:worker9', 'IP:10.0.2.16']],
  ];
  for (const [name, node, subjects] of table) {
    const words = [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      '/dev/null',
    ];
    const who = [
      '-subj',
      `/O=system:nodes/CN=system:node:${node}`,
      '-addext',
      `subjectAltName=${subjects.join(',')}`,
    ];
    const { stdout: request } = await execa('openssl', [...words, ...who]);
    const object = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kubelet-serving',
        usages: ['digital signature', 'key encipherment', 'server auth'],
      },
    };
    api.send(
      JSON.stringify(object),
      'create',
      '-f',
      '-',
      `--as=system:node:${node}`,
      '--as-group=system:nodes',
    );
  }
  const { exitCode, all } = await run('certificates', '--approve');
  t.equal(exitCode, 0, all);
  for (const [name, node, subjects] of table) {
    const conditions = api.kubectl('get', 'csr', name, '--output=jsonpath={.status.conditions[*].type}');
    const request = {
      name,
      user: `system:node:${node}`,
      subjects: subjects.map((one) => one.replace('IP:', 'IP Address:')),
    };
    t.equal(conditions === 'Approved', isOwn(request, worker), `${name}: as the provisioner decides`);
    t.equal(conditions, name.startsWith('own') ? 'Approved' : '', name);
  }
  t.match(all, /not approved: unknown of system:node:worker9/);
});
