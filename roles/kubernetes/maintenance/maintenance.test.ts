import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { explain } from '../../../provision/index.ts';
import { debian, vm as host, localShell, title } from '../../../provision/testing.ts';
import { selfSigned } from '../../../testing/certificate.ts';
import { type Given, members } from '../../../testing/nodes.ts';
import { kubernetes } from '../index.ts';
import { certificates, daysLeft, newest, snapshots } from './checks.ts';
import { knownNodes } from './nodes.ts';

const resources = (given: Given) =>
  kubernetes({ part: 'maintenance', ...given })
    .resolve([])
    .resources(debian, host);

/** What a judge says: its words, or the error. */
function judged(judge: (printed: string) => string, printed: string): string {
  try {
    return judge(printed);
  } catch (error) {
    return explain(error);
  }
}

t.test('how long certificates are valid', async (t) => {
  const root = t.testdir();
  const pki = join(root, 'etc/kubernetes/pki/etcd');
  const kubelet = join(root, 'var/lib/kubelet/pki');
  for (const folder of [pki, kubelet]) mkdirSync(folder, { recursive: true });
  selfSigned(join(pki, '../ca.crt'), { days: 3650 });
  selfSigned(join(pki, 'server.crt'), { days: 100 });
  selfSigned(join(kubelet, 'kubelet-server-current.pem'), { days: 200 });
  const shell = localShell();
  t.teardown(() => shell.close());
  const printed = async () =>
    (await shell.exchange({ steps: [], probes: [certificates(root)] })).probes[0]?.stdout ?? '';
  // a day less when the clock reaches the next second meanwhile
  t.match(daysLeft(await printed()), /^valid for (99|100) more days$/);
  selfSigned(join(root, 'client'), { days: 20 });
  const data = execFileSync('base64', ['-w', '0', join(root, 'client')], { encoding: 'utf8' });
  writeFileSync(join(root, 'etc/kubernetes/admin.conf'), `    client-certificate-data: ${data}\n`);
  t.match(
    judged(daysLeft, await printed()),
    /\/admin\.conf is valid for only (19|20) more days\n {2}→ on that host: kubernetes-certificates --renew/,
  );
});

t.test('when certificates are too old', async (t) => {
  const timer = 'renewed 60\ntimer active success\n';
  const table: [string, RegExp][] = [
    [
      `364 /etc/kubernetes/pki/apiserver.crt\n3649 /etc/kubernetes/pki/ca.crt\n${timer}`,
      /^valid for 364 more days$/,
    ],
    [`59 /etc/kubernetes/pki/apiserver.crt\n${timer}`, /^valid for 59 more days$/],
    [`29 /etc/kubernetes/pki/apiserver.crt\n${timer}`, /apiserver\.crt is valid for only 29 .*\n.*--renew/],
    [`-3 /etc/kubernetes/pki/apiserver.crt\n${timer}`, /only -3 more days/],
    ['36 /var/lib/kubelet/pki/kubelet-client-current.pem\n', /^valid for 36/],
    [
      '12 /var/lib/kubelet/pki/kubelet-server-current.pem\n',
      /only 12 .*\n.*kubernetes-certificates --approve/,
    ],
    [
      `364 /a/server.crt\n170 /etc/kubernetes/pki/ca.crt\n${timer}`,
      /ca\.crt .*170.*\n.*replace the authority/,
    ],
    [
      '364 /a/server.crt\ntimer active exit-code\n',
      /kubernetes-certificates failed \(exit-code\)\n.*journalctl/,
    ],
    ['364 /a/server.crt\ntimer inactive success\n', /kubernetes-certificates\.timer is inactive\n/],
    ['', /no certificates were found/],
  ];
  for (const [printed, wanted] of table) t.match(judged(daysLeft, printed), wanted, printed);
});

t.test('when snapshots are too old', async (t) => {
  const timer = 'most 27\ntimer active success\n';
  const table: [string, RegExp][] = [
    [`count 3\nage 5\n${timer}`, /^3 kept, the newest is 5 min old$/],
    [`count 14\nage 1500\ncopy done\n${timer}`, /^14 kept, the newest is 25 h old, copied$/],
    [
      `count 3\nage 5\ncopy missing\n${timer}`,
      /not been copied.*\n.*key\.pub.*systemctl start kubernetes-snapshot/,
    ],
    [
      `count 3\nage 3000\n${timer}`,
      /is 2 days old: expected at most 27 h\n.*systemctl start kubernetes-snapshot/,
    ],
    [`count 0\n${timer}`, /there is no snapshot/],
    ['', /there is no snapshot/],
    ['count 3\nage 5\nmost 27\ntimer active exit-code\n', /last run of kubernetes-snapshot failed/],
  ];
  for (const [printed, wanted] of table) t.match(judged(newest, printed), wanted, printed);
});

t.test('the newest snapshot is the newest of this control plane', async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const saved = (host: string, minutesAgo: number) => {
    const at = new Date(Date.now() - minutesAgo * 60_000 - 5000).toISOString();
    return `${host}-${at.replace(/[-:]|\.\d+/g, '')}.tar.gz`;
  };
  const [own, old] = [saved('a', 3), saved('a', 90)];
  const table: [words: string, files: string[], copied: string, printed: RegExp][] = [
    ['its own', [old, own], own, /^count 2\nage 3\nmost 30\ncopy done\n/],
    ['the newest is not copied', [old, own], old, /^count 2\nage 3\nmost 30\ncopy missing\n/],
    [
      'an old one of a host with a later name',
      [own, saved('b', 9000)],
      own,
      /^count 1\nage 3\n.*\ncopy done\n/,
    ],
    ['a new one of another host', [old, saved('b', 0), saved('a-2', 0)], old, /^count 1\nage 90\n/],
    ['only those of another host', [saved('b', 0)], '', /^count 0\nmost 30\n/],
    ['none', [], '', /^count 0\nmost 30\n/],
  ];
  for (const [words, files, copied, printed] of table) {
    const root = t.testdir({
      etc: { kubernetes: { maintenance: { settings: 'TARGET=a@b\nHOURS=30\n' } } },
      // all files were written now, as if somebody had copied them here
      var: { backups: { kubernetes: { ...Object.fromEntries(files.map((name) => [name, ''])), copied } } },
    });
    const { probes } = await shell.exchange({ steps: [], probes: [snapshots('a', root)] });
    t.match(probes[0]?.stdout, printed, words);
  }
});

t.test('the nodes whose certificates are approved', async (t) => {
  const nodes = knownNodes(members, ['away']);
  const read = 'script' in nodes.probe ? nodes.probe.read : () => [];
  const state = read({ code: 0, stdout: 'away 10.0.2.9\ngone 10.0.2.8\nvm 10.0.2.7\n', stderr: '' });
  const [change] = nodes.plan(state);
  t.equal(change?.diff?.after, 'away 10.0.2.9\nvm 10.0.2.15\nworker1 10.0.2.16\n');
  t.strictSame(nodes.plan(read({ code: 0, stdout: change?.diff?.after ?? '', stderr: '' })), []);
});

t.test('what a control plane gets, and what is removed', async (t) => {
  const titles = resources({ members }).map(title).join('\n');
  for (const name of ['certificates', 'snapshot', 'restore'])
    t.match(titles, `file /usr/local/sbin/kubernetes-${name}`);
  t.match(
    titles,
    /service kubernetes-certificates\.timer[\s\S]*service kubernetes-snapshot\.timer\ncommand first snapshot/,
  );
  t.notMatch(titles, /key|known_hosts/);
  const copy = { target: 'backup@192.0.2.7', folder: 'kubernetes', host_key: 'ssh-ed25519 AAAAC3' };
  const all = resources({ members, snapshot_copy: copy });
  t.match(all.map(title).join('\n'), /command key to copy snapshots\nfile .*known_hosts/);
  const settings = all.find((one) => one.name.endsWith('/settings'))?.plan({ kind: 'absent' })[0]
    ?.diff?.after;
  t.equal(
    settings,
    'RENEW_DAYS=60\nKEEP=14\nHOURS=27\nTARGET=backup@192.0.2.7\nPORT=22\nFOLDER=kubernetes\n',
  );
  const off = (purge: boolean) =>
    kubernetes.absent({ purge }).resolve([]).resources(debian, host).map(title).join('\n');
  t.match(
    off(false),
    /service kubernetes-certificates\.timer[\s\S]*file\.absent \/usr\/local\/sbin\/kubernetes-restore/,
  );
  t.notMatch(off(false), 'absent /var/backups/kubernetes');
  t.match(off(true), 'absent /var/backups/kubernetes');
});

t.test('a new control plane starts from a snapshot', async (t) => {
  const init = (given: Given) => {
    const all = kubernetes({ part: 'control-plane', ...given })
      .resolve([])
      .resources(debian, host);
    const change = (is: string) =>
      all.find((one) => title(one) === 'kubeadm init')?.plan({ is, config: '' })[0]?.script.text ?? '';
    return { titles: all.map(title).join('\n'), change };
  };
  const plain = init({});
  t.notMatch(plain.titles, 'kubernetes-restore');
  t.notMatch(plain.change('absent'), /kubernetes-restore|DirAvailable/);
  const { titles, change } = init({ restore: '/root/a.tar.gz' });
  t.match(titles, /file \/usr\/local\/sbin\/kubernetes-restore\n[\s\S]*kubeadm init/);
  const restore =
    /kubernetes-restore --fresh \/root\/a\.tar\.gz vm 10\.0\.2\.15\n[\s\S]*kubeadm init .*DirAvailable/;
  t.match(change('absent'), restore);
  t.match(change('interrupted'), restore, 'kubeadm reset has removed the data');
  t.match(change('interrupted'), /kubeadm reset[\s\S]*kubernetes-restore/);
});

t.test('input', async (t) => {
  const copy = { target: 'a@b', folder: 'c', host_key: 'ssh-ed25519 AAAA' };
  const table: [Given, RegExp][] = [
    [{ certificate_days: 1 }, /certificate_days/],
    [{ snapshots: 0 }, /snapshots/],
    [{ snapshot_schedule: 'daily; rm' }, /snapshot_schedule: .*systemd\.time/],
    [{ snapshot_copy: { ...copy, target: 'b' } }, /target: .*USER@HOST/],
    [{ snapshot_copy: { ...copy, folder: '$(x)' } }, /folder/],
    [{ snapshot_copy: { ...copy, host_key: 'AAAA' } }, /host_key/],
    [{ restore: 'a.tar.gz' }, /restore: .*absolute path/],
  ];
  for (const [given, wanted] of table) t.throws(() => resources(given), wanted, JSON.stringify(given));
});
