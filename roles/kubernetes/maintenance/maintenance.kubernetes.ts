import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t from 'tap';
import { becomeRoot } from '../../../provision/testing.ts';
import { controlPlane, snapshotsIn } from '../../../testing/maintenance.ts';
import { needsKubernetes } from '../../../testing/servers/kubernetes.ts';
import { FOLDER } from './files.ts';

t.setTimeout(600_000);
const skip = becomeRoot() || (await needsKubernetes());

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
    const [etcd, server, controllers, scheduler] = all;
    const order = [controllers, etcd, server, scheduler].map((part) => `restarting ${part}`);
    t.match(renewed.all, order.join('\n'), 'one after another');
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

  await t.test('the controllers wait longer for a node that does not report', async (t) => {
    const before = ids();
    const mode = () => statSync(join(root, 'etc/kubernetes/manifests/kube-controller-manager.yaml')).mode;
    const asKubeadm = mode();
    const set = await home.call('set_grace 300s');
    t.equal(set.exitCode, 0, set.all);
    t.strictSame(
      ids().map((id, i) => id === before[i]),
      all.map((part) => part !== 'kube-controller-manager'),
      'only they have been restarted',
    );
    const manifest = print(join(root, 'etc/kubernetes/manifests/kube-controller-manager.yaml'));
    t.match(manifest, '- --node-monitor-grace-period=300s\n');
    t.strictSame([manifests(), mode()], [4, asKubeadm]);
  });

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
    const data = readdirSync(join(root, 'var/lib')).filter((name) => name.startsWith('etcd'));
    t.strictSame(data, ['etcd'], 'nothing else is left');
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
