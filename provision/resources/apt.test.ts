import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { handler } from '../language/resource.ts';
import { localShell } from '../shell/local.ts';
import { sh } from '../shell/sh.ts';
import { applyOnce, isolated, pending } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { type AptState, packages } from './apt/state.ts';
import { apt } from './apt.ts';

const skip = becomeRoot();

/** Output of the probe with dpkg-query on Ubuntu 24.04 and Debian 13. */
const recorded = `ii |nginx|amd64|1.24.0-2ubuntu7.5|
iF |mariadb-server|all|1:10.11.13-0ubuntu0.24.04.1|
rc |cron|amd64|3.0pl1-184ubuntu2|
un |mail-transport-agent|||
hi |redis-server|amd64|5:7.0.15-1ubuntu0.24.04.1|
iU |libc6|i386|2.39-0ubuntu8.6|
ii |libc6|amd64|2.39-0ubuntu8.6|
iHR|broken|amd64|1|
provided
installed|nginx-abi-1.24.0-1, httpd, httpd-cgi|
installed|msmtp-mta:any (= 1.8), mail-transport-agent|
deinstall|default-mta|
`;

function state(stdout: string): AptState {
  return packages.read({ code: 0, stdout, stderr: '' }, [{ names: [], provided: true }])[0] as AptState;
}

t.test('plan', async (t) => {
  const seen = state(recorded);
  const broken = state(`${recorded}broken\n`);
  const cases: [string, ReturnType<typeof apt.packages>, AptState, string[]][] = [
    ['installed', apt.packages(['nginx']), seen, []],
    ['not installed', apt.packages(['curl']), seen, ['install curl']],
    ['only what is missing', apt.packages(['nginx', 'curl', 'git']), seen, ['install curl, git']],
    ['half-configured', apt.packages(['mariadb-server']), seen, ['install mariadb-server']],
    ['half-installed', apt.packages(['broken']), seen, ['install broken']],
    ['only configuration left', apt.packages(['cron']), seen, ['install cron']],
    ['held', apt.packages(['redis-server']), seen, []],
    ['provided by another package', apt.packages(['httpd', 'mail-transport-agent', 'msmtp-mta']), seen, []],
    [
      'provided by a package that is not installed',
      apt.packages(['default-mta']),
      seen,
      ['install default-mta'],
    ],
    ['an architecture', apt.packages(['libc6:amd64']), seen, []],
    ['another architecture', apt.packages(['libc6:i386']), seen, ['install libc6:i386']],
    ['version', apt.packages(['nginx=1.24.0-2ubuntu7.5']), seen, []],
    ['another version', apt.packages(['nginx=1.24.0-1']), seen, ['install nginx=1.24.0-1']],
    ['a version pattern', apt.packages(['nginx=1.24.*']), seen, []],
    ['a virtual package has no version', apt.packages(['httpd=1']), seen, ['install httpd=1']],
    ['interrupted', apt.packages(['nginx']), broken, ['repair an interrupted installation']],
    [
      'interrupted, missing',
      apt.packages(['curl']),
      broken,
      ['repair an interrupted installation, install curl'],
    ],
    ['absent', apt.absent(['curl', 'mail-transport-agent']), seen, []],
    ['absent, except for its configuration', apt.absent(['cron']), seen, []],
    ['purge', apt.absent(['cron', 'curl'], { purge: true }), seen, ['purge cron']],
    ['remove', apt.absent(['nginx', 'broken', 'cron']), seen, ['remove nginx, broken']],
    ['held already', apt.held(['redis-server']), seen, []],
    ['to hold', apt.held(['redis-server', 'nginx', 'curl']), seen, ['hold nginx, curl']],
    ['not held', apt.held.absent(['nginx', 'curl', 'mail-transport-agent']), seen, []],
    ['to release', apt.held.absent(['redis-server', 'nginx']), seen, ['unhold redis-server']],
  ];
  for (const [name, resource, state, expected] of cases) {
    t.strictSame(
      resource.plan(state).map(({ summary }) => summary),
      expected,
      name,
    );
  }
});

t.test('options of apt-get', async (t) => {
  const seen = state(recorded);
  const cases: [ReturnType<typeof apt.packages>, RegExp][] = [
    [apt.packages(['curl']), /^get install --no-install-recommends curl$/m],
    [apt.packages(['curl'], { recommends: true }), /^get install --install-recommends curl$/m],
    [
      apt.packages(['curl'], { release: 'bookworm-backports' }),
      /^get install --no-install-recommends -t bookworm-backports curl$/m,
    ],
    [
      apt.packages(['curl=7.*']),
      /^get install --no-install-recommends --allow-downgrades --allow-change-held-packages 'curl=7\.\*'$/m,
    ],
    [apt.absent(['nginx'], { purge: true }), /^get purge nginx$/m],
  ];
  for (const [resource, expected] of cases) t.match(resource.plan(seen)[0]?.script.text, expected);
});

t.test('adjacent resources are merged', async (t) => {
  const [reload, restart] = [handler('reload', sh`:`), handler('restart', sh`:`)];
  const a = apt.packages(['a1', 'b1'], { notify: reload });
  const cases: [string, ReturnType<typeof apt.packages>, string | undefined][] = [
    ['equal', apt.packages(['b1', 'c1'], { notify: [reload] }), 'a1 b1 c1'],
    ['another handler', apt.packages(['c1'], { notify: restart }), undefined],
    ['no handler', apt.packages(['c1']), undefined],
    ['other options', apt.packages(['c1'], { notify: reload, recommends: true }), undefined],
    ['the opposite', apt.absent(['c1'], { notify: reload }), undefined],
  ];
  for (const [name, next, expected] of cases) t.equal(a.join?.(next)?.name, expected, name);
  t.strictSame(a.join?.(apt.packages(['c1'], { notify: reload }))?.notify, [reload]);
  t.equal(apt.absent(['a1']).join?.(apt.absent(['b1']))?.kind, 'apt.absent');
});

t.test('invalid input', async (t) => {
  t.throws(() => apt.packages([]), /list is empty/);
  t.throws(() => apt.packages(['nginx', 'nginx']), /twice/);
  for (const name of ['Nginx', 'a', '-y', 'nginx curl', 'nginx=', 'ngin*', 'a1/bookworm']) {
    t.throws(() => apt.packages([name]), /expected the name of a package/, name);
  }
  t.throws(() => apt.absent(['nginx=1']), /expected the name of a package/);
  t.throws(() => apt.packages(['nginx'], { release: '-y' }), /expected the name of a release/);
});

t.test('this computer', { skip }, async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  t.strictSame(await pending(apt.packages(['dpkg', 'apt', 'libc6', 'awk']), shell), [], 'awk is virtual');
  t.match(await pending(apt.packages(['no-such-package-1']), shell), [
    { summary: 'install no-such-package-1' },
  ]);
  t.strictSame(await pending(apt.absent(['no-such-package-1']), shell), []);
  t.throws(() => packages.read({ code: 0, stdout: 'none\n', stderr: '' }, []), /no dpkg/);
});

/** Builds a package with one file and optionally a script that runs after unpacking. */
function deb(folder: string, name: string, version: string, postinst?: string, fields = ''): string {
  const root = `${folder}/${name}-${version}`;
  mkdirSync(`${root}/DEBIAN`, { recursive: true });
  mkdirSync(`${root}/opt/${name}`, { recursive: true });
  writeFileSync(`${root}/opt/${name}/version`, `${version}\n`);
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n${fields}`;
  writeFileSync(`${root}/DEBIAN/control`, control);
  if (postinst) writeFileSync(`${root}/DEBIAN/postinst`, `#!/bin/sh\n${postinst}\n`, { mode: 0o755 });
  const file = `${folder}/repo/${name}_${version}_all.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', root, file]);
  const bytes = readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return `${control}Filename: ./${name}_${version}_all.deb\nSize: ${bytes.length}\nSHA256: ${sha256}\n\n`;
}

/** A real apt and dpkg with nothing installed and a local source of test packages, without a network. */
function scratchApt(folder: string, index: string): Record<string, string> {
  const dirs = {
    '/etc/apt': 'etc',
    '/var/lib/apt': 'lib/lists/partial',
    '/var/cache/apt': 'cache/archives/partial',
    '/var/lib/dpkg': 'dpkg/updates',
    '/var/log': 'log/apt',
    '/opt': 'opt',
  };
  for (const dir of [
    ...Object.values(dirs),
    'dpkg/info',
    'dpkg/triggers',
    'etc/apt.conf.d',
    'etc/preferences.d',
  ]) {
    mkdirSync(`${folder}/${dir}`, { recursive: true });
  }
  execFileSync('chmod', ['-R', 'go+rX', folder]);
  for (const name of ['status', 'available']) writeFileSync(`${folder}/dpkg/${name}`, '');
  writeFileSync(`${folder}/etc/sources.list`, `deb [trusted=yes] file:${folder}/repo ./\n`);
  writeFileSync(`${folder}/repo/Packages`, index);
  return Object.fromEntries(
    Object.entries(dirs).map(([path, dir]) => [path, `${folder}/${dir.split('/')[0]}`]),
  );
}

t.test('real apt and dpkg with test packages', { skip }, async (t) => {
  const dir = execFileSync('mktemp', ['-d', '/tmp/apt-test-XXXXXX'], { encoding: 'utf8' }).trim();
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(`${dir}/repo`);
  const index = [
    deb(dir, 'one', '1'),
    deb(dir, 'one', '2'),
    deb(dir, 'two', '1', undefined, 'Provides: both\n'),
    deb(dir, 'slow', '1', 'if [ ! -e /opt/go ]; then kill -9 $PPID; fi'),
    deb(dir, 'bad', '1', 'echo the postinst says no >&2; exit 1'),
  ].join('');
  const shell = localShell(isolated(scratchApt(dir, index)));
  t.teardown(() => shell.close());
  const reported: string[] = [];
  const apply = async (resource: ReturnType<typeof apt.packages>) =>
    (await applyOnce(resource, shell, (line) => reported.push(line))).map(({ summary }) => summary).join();

  t.equal(await apply(apt.packages(['one', 'two'])), 'install one, two');
  t.match(reported.join('\n'), /^refreshing the package index\n(.*\n)*\d+ % Unpacking two \(\w+\)$/m);
  t.equal(readFileSync(`${dir}/opt/one/version`, 'utf8'), '2\n');
  t.equal(await apply(apt.packages(['one', 'two', 'both'])), '', 'a virtual package counts as installed');
  t.equal(await apply(apt.packages(['one=1'])), 'install one=1');
  reported.length = 0;
  t.equal(await apply(apt.absent(['one', 'none'])), 'remove one');
  await t.rejects(apply(apt.packages(['nonesuch'])), /E: Unable to locate package nonesuch/);
  t.strictSame(
    reported.filter((line) => line.startsWith('refreshing')).length,
    1,
    'the index is refreshed before giving up',
  );

  await t.rejects(apply(apt.packages(['slow'])), /exit code 1/, 'dpkg is killed');
  t.match(await pending(apt.packages(['two']), shell), [{ summary: 'repair an interrupted installation' }]);
  writeFileSync(`${dir}/opt/go`, '');
  t.equal(await apply(apt.packages(['slow'])), 'repair an interrupted installation, install slow');
  await t.rejects(apply(apt.packages(['bad'])), /the postinst says no/);
  t.equal(await apply(apt.absent(['bad'])), 'repair an interrupted installation, remove bad');

  reported.length = 0;
  const lock = `open F, '>', '${dir}/dpkg/lock-frontend'; $l = pack('s s x4 q q l', 1, 0, 0, 0, 0); fcntl(F, 6, $l) or die; $| = 1; print "held\n"; sleep 2`;
  const holder = spawn('perl', ['-e', lock]);
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  t.equal(await apply(apt.packages(['one'])), 'install one');
  t.match(reported, [/^waiting: perl \(process \d+\) holds \/var\/lib\/dpkg\/lock-frontend$/]);
  t.notOk(existsSync('/opt/one'), 'everything happens in its own namespace');
});
