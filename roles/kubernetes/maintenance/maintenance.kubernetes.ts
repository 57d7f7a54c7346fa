import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { becomeRoot, sshd } from '../../../provision/testing.ts';
import { ADDRESS, newControlPlane } from '../../../testing/servers/controlPlane.ts';
import { needsKubernetes, startKubernetes } from '../../../testing/servers/kubernetes.ts';
import { kubernetes } from '../index.ts';
import { isOwn } from '../serving.ts';
import { commands, FOLDER } from './files.ts';

t.setTimeout(600_000);
const skip = becomeRoot() || (await needsKubernetes());

type Parts = Parameters<typeof newControlPlane>[0];

/** A control plane with the commands of this role. `run` runs one of them. */
async function controlPlane(t: Test, given: Parameters<typeof kubernetes>[0] = {}, parts?: Parts) {
  const home = await newControlPlane(parts);
  t.teardown(home.stop);
  const { root, bin } = home;
  for (const path of [FOLDER, 'etc/kubernetes/encryption', 'usr/local/lib', 'usr/local/sbin'])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'etc/kubernetes/encryption/config.yaml'), 'the key\n');
  for (const { kind, name, plan } of commands(kubernetes(given).resolve([]).vars)) {
    const text = kind === 'file' ? plan({ kind: 'absent' })[0]?.diff?.after : undefined;
    if (text !== undefined) writeFileSync(join(root, name), text, { mode: 0o755 });
  }
  const env = { MAINTENANCE_ROOT: root, PATH: `${bin}:${process.env.PATH}` };
  const run = (command: string, ...words: string[]) =>
    execa(join(root, `usr/local/sbin/kubernetes-${command}`), words, { env, reject: false, all: true });
  return { ...home, run };
}

const snapshotsIn = (root: string) =>
  readdirSync(join(root, 'var/backups/kubernetes')).filter((name) => name.endsWith('.tar.gz'));

t.test('a snapshot of etcd, and a new machine that starts from it', { skip }, async (t) => {
  const home = await controlPlane(t, { snapshots: 2 });
  const { root } = home;
  await home.start();
  await home.etcdctl('put', 'first', 'kept');
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
  const revision = await revisionOf(home);
  await home.etcdctl('del', 'first');
  await home.etcdctl('put', 'second', 'undone');
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

  const other = await controlPlane(t);
  const restored = await other.run('restore', '--fresh', join(root, 'kept.tar.gz'), 'home', ADDRESS);
  t.equal(restored.exitCode, 0, restored.all);
  const read = (path: string, from: string) => readFileSync(join(from, 'etc/kubernetes', path), 'utf8');
  for (const path of ['pki/ca.key', 'pki/etcd/ca.crt', 'encryption/config.yaml'])
    t.equal(read(path, other.root), read(path, root), `${path} is that of the snapshot`);
  t.notOk(existsSync(join(other.root, 'etc/kubernetes/pki/apiserver.crt')), 'kubeadm generates the others');
  await execa(
    join(other.bin, 'kubeadm'),
    'init phase certs all --config=/etc/kubernetes/kubeadm.yaml'.split(' '),
  );
  await home.stop();
  await other.start();
  t.equal(await other.etcdctl('get', 'first', '--print-value-only'), 'kept');
  t.equal(await other.etcdctl('get', 'second', '--print-value-only'), '');
  t.ok((await revisionOf(other)) > revision + 1e9 - 1, 'no client takes an old state for a newer one');

  writeFileSync(join(root, 'kept.tar.gz'), 'damaged');
  const damaged = await other.run('restore', '--fresh', join(root, 'kept.tar.gz'), 'home', ADDRESS);
  t.equal(damaged.exitCode, 1);
  t.match(damaged.all, /is not a snapshot of kubernetes-snapshot, or is damaged/);
});

async function revisionOf({ etcdctl }: Awaited<ReturnType<typeof controlPlane>>): Promise<number> {
  return JSON.parse(await etcdctl('get', 'first', '--write-out=json')).header.revision;
}

t.test('a snapshot is copied to another host', { skip }, async (t) => {
  const server = await sshd({ lines: ['Subsystem sftp internal-sftp'] });
  t.teardown(() => server.stop());
  const folder = join(server.folder, 'snapshots');
  mkdirSync(folder);
  const [host_key = ''] = server.hostKeys;
  const copy = { target: 'root@127.0.0.1', port: server.port, folder, host_key };
  const home = await controlPlane(t, { snapshot_copy: copy });
  await home.start();
  const own = join(home.root, FOLDER);
  const known = (key: string) => writeFileSync(join(own, 'known_hosts'), `snapshots ${key}\n`);
  const backups = join(home.root, 'var/backups/kubernetes');
  t.equal((await home.run('snapshot', '--local')).exitCode, 0, 'without a key at the target');
  copyFileSync(server.key, join(own, 'key'));
  chmodSync(join(own, 'key'), 0o600);
  known('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
  // snapshots of the same second have the same name
  await sleep(1100);
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

const all = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

t.test('a control plane renews its certificates, and goes back to a snapshot', { skip }, async (t) => {
  const home = await controlPlane(t, { certificate_days: 300 }, all);
  const { root, kubectl, run } = home;
  const manifests = () => readdirSync(join(root, 'etc/kubernetes/manifests')).length;
  await home.start();
  const admins = ['--clusterrole=cluster-admin', '--group=kubeadm:cluster-admins'];
  await kubectl('create', 'clusterrolebinding', 'kubeadm:cluster-admins', ...admins);
  writeFileSync(join(root, FOLDER, 'nodes'), '');
  const pki = join(root, 'etc/kubernetes/pki');
  const print = (file: string) => readFileSync(file, 'utf8');
  const ids = () => all.map((part) => print(join(root, 'run/pods', part)));

  await t.test('certificates', async (t) => {
    const before = ids();
    const quiet = await run('certificates');
    t.strictSame([quiet.exitCode, quiet.all], [0, ''], 'they are valid for longer than 300 days');
    t.strictSame(ids(), before, 'nothing is restarted');
    const files = ['apiserver.crt', 'etcd/server.crt', '../admin.conf'].map((name) => join(pki, name));
    const old = files.map(print);
    const words = [
      'x509',
      '-req',
      '-days',
      '299',
      '-CA',
      `${pki}/ca.crt`,
      '-CAkey',
      `${pki}/ca.key`,
      '-copy_extensions',
      'copy',
    ];
    const request = [
      'x509',
      '-x509toreq',
      '-in',
      `${pki}/apiserver.crt`,
      '-signkey',
      `${pki}/apiserver.key`,
      '-copy_extensions',
      'copy',
    ];
    const { stdout } = await execa('openssl', request);
    await execa('openssl', [...words, '-out', `${pki}/apiserver.crt`], { input: stdout });
    const renewed = await run('certificates');
    t.equal(renewed.exitCode, 0, renewed.all);
    t.match(renewed.all, all.map((part) => `restarting ${part}`).join('\n'), 'one after another');
    for (const [i, file] of files.entries()) t.not(print(file), old[i], file);
    t.strictSame(
      ids().map((id, i) => id === before[i]),
      all.map(() => false),
      'each part has been restarted',
    );
    t.equal(await kubectl('get', '--raw=/readyz'), 'ok');
    t.equal(
      await kubectl(
        '--namespace=kube-system',
        'get',
        'configmap',
        '--ignore-not-found',
        'control-plane-restart',
      ),
      '',
    );
    t.notOk(existsSync(join(root, FOLDER, 'restart')));
  });

  await t.test(
    'a restart that was interrupted is made up for, when no other control plane restarts',
    async (t) => {
      const before = ids();
      writeFileSync(join(root, FOLDER, 'restart'), '');
      const claim = [
        '--namespace=kube-system',
        'create',
        'configmap',
        'control-plane-restart',
        '--from-literal=host=other',
      ];
      await kubectl(...claim);
      const waiting = run('certificates');
      await sleep(5000);
      t.strictSame(ids(), before, 'another control plane is restarting its parts');
      await kubectl('--namespace=kube-system', 'delete', 'configmap', 'control-plane-restart');
      t.equal((await waiting).exitCode, 0);
      t.not(ids()[0], before[0]);
    },
  );

  await t.test('restore', async (t) => {
    await kubectl('create', 'configmap', 'first');
    const saved = await run('snapshot', '--local');
    t.equal(saved.exitCode, 0, saved.all);
    const file = /^saved (\S+)$/m.exec(saved.all)?.[1] ?? '';
    await kubectl('delete', 'configmap', 'first');
    await kubectl('create', 'configmap', 'second');
    const names = async () =>
      await kubectl('get', 'configmaps', 'first', 'second', '--ignore-not-found', '--output=name');
    t.equal(await names(), 'configmap/second');
    writeFileSync(join(root, 'etc/kubernetes/encryption/config.yaml'), 'another key\n');

    const restored = await run('restore', file);
    t.equal(restored.exitCode, 0, restored.all);
    t.match(
      restored.all,
      /: the API server was away for \d+ s; the data from before is in .*\/before-\d+T\d+Z$/,
    );
    t.equal(await names(), 'configmap/first', 'the first is back, and the second is gone');
    t.equal(manifests(), 4);
    t.equal(print(join(root, 'etc/kubernetes/encryption/config.yaml')), 'the key\n');
    t.match(readdirSync(join(root, 'var/lib')), ['etcd'], 'nothing else is left');
    await kubectl('create', 'configmap', 'third');

    const [before = ''] = readdirSync(join(root, 'var/backups/kubernetes')).filter((name) =>
      name.startsWith('before-'),
    );
    t.strictSame(readdirSync(join(root, 'var/backups/kubernetes', before)).sort(), ['encryption', 'etcd']);
  });

  await t.test('what is refused', async (t) => {
    const other = await controlPlane(t);
    await other.start();
    await other.run('snapshot', '--local');
    const [foreign = ''] = snapshotsIn(other.root);
    const table: [string[], RegExp][] = [
      [[], /usage: kubernetes-restore \[--alone\] FILE/],
      [['/nowhere.tar.gz'], /usage/],
      [[join(root, 'kubeadm.yaml')], /usage/],
      [
        [join(root, 'etc/kubernetes/kubeadm.yaml')],
        /is not a snapshot of kubernetes-snapshot, or is damaged/,
      ],
      [[join(other.root, 'var/backups/kubernetes', foreign)], /is a snapshot of another cluster/],
    ];
    for (const [words, wanted] of table) {
      const { exitCode, all } = await run('restore', ...words);
      t.equal(exitCode, 1);
      t.match(all, wanted);
    }
    t.equal(await kubectl('get', '--raw=/readyz'), 'ok', 'and nothing has changed');
    t.equal(manifests(), 4);
    await home.stop();
    const down = await run('restore', join(root, 'var/backups/kubernetes', snapshotsIn(root)[0] ?? ''));
    t.match(down.all, /etcd does not answer, so its members are unknown: .*--alone/);
  });
});

t.test('what a control plane approves', { skip }, async (t) => {
  const api = await startKubernetes();
  t.teardown(api.stop);
  const { root, run } = await controlPlane(t);
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
