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
import t from 'tap';
import { becomeRoot, sshd } from '../../../provision/testing.ts';
import { controlPlane, snapshotsIn } from '../../../testing/maintenance.ts';
import { ADDRESS } from '../../../testing/servers/controlPlane.ts';
import { needsKubernetes } from '../../../testing/servers/kubernetes.ts';
import { FOLDER } from './files.ts';

t.setTimeout(600_000);
const skip = becomeRoot() || (await needsKubernetes());

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
