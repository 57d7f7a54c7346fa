import { cpSync, readFileSync, statSync } from 'node:fs';
import t from 'tap';
import type { Resource } from '../language/resource.ts';
import { localShell } from '../shell/local.ts';
import { applyOnce, fingerprint, isolated } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { type AccountState, accounts } from './accounts.ts';
import { group } from './group.ts';
import { user } from './user.ts';

const skip = becomeRoot();

/** Output of the probe with getent on Ubuntu 24.04. */
const recorded = `redis:x:107:114::/var/lib/redis:/usr/sbin/nologin
app:x:998:997:The app,,,:/srv/app:/bin/sh
groups
app:x:997:
docker:x:996:ubuntu,app
ssl-cert:x:112:
homes
/srv/app
`;

t.test('plan', async (t) => {
  const state = (resource: Resource<AccountState>) => {
    const query = (resource.probe as { arg: unknown }).arg as Parameters<typeof accounts.read>[1][number];
    return accounts.read({ code: 0, stdout: recorded, stderr: '' }, [query])[0] as AccountState;
  };
  const cases: [string, Resource<AccountState>, string[]][] = [
    [
      'in the desired state',
      user('app', {
        group: 'app',
        groups: ['docker'],
        home: '/srv/app',
        shell: '/bin/sh',
        uid: 998,
        comment: 'The app',
      }),
      [],
    ],
    ['unset options are left as they are', user('redis', { system: true }), []],
    ['absent', user('web', { system: true }), ['create']],
    ['shell', user('app', { system: true, shell: '/bin/bash' }), ['change shell /bin/sh → /bin/bash']],
    [
      'group missing',
      user('app', { system: true, groups: ['docker', 'ssl-cert', 'adm'] }),
      ['add to ssl-cert, adm'],
    ],
    ['the primary group counts', user('app', { system: true, groups: ['app'] }), []],
    [
      'another primary group',
      user('app', { system: true, group: 'ssl-cert' }),
      ['change group 997 → ssl-cert'],
    ],
    ['home directory missing', user('redis', { home: '/var/lib/redis' }), ['create /var/lib/redis']],
    [
      'several',
      user('app', { uid: 7, home: '/srv/b' }),
      ['change uid 998 → 7, home /srv/app → /srv/b, create /srv/b'],
    ],
    ['no such user', user.absent('web'), []],
    ['user to remove', user.absent('app'), ['remove']],
    ['group', group('docker', { gid: 996 }), []],
    ['group with another gid', group('docker', { gid: 7 }), ['change gid 996 → 7']],
    ['no group', group('web'), ['create']],
    ['group to remove', group.absent('docker'), ['remove']],
  ];
  for (const [name, resource, expected] of cases) {
    t.strictSame(
      resource.plan(state(resource)).map(({ summary }) => summary),
      expected,
      name,
    );
  }
});

t.test('invalid input', async (t) => {
  for (const name of ['', 'Root', '-x', 'a b', 'a:b', 'a'.repeat(33)])
    t.throws(() => user(name), /not a valid user or group name/, name);
  t.throws(() => user('app', { groups: ['a,b'] }), /not a valid user or group name/);
  t.throws(() => user('app', { home: 'srv' }), /not absolute/);
  t.throws(() => user('app', { comment: 'a:b' }), /a comment without/);
  t.throws(() => group('a b'), /not a valid user or group name/);
});

t.test('real useradd and groupadd on copies of /etc and /home', { skip }, async (t) => {
  const dir = t.testdir({ etc: {}, home: {} });
  cpSync('/etc', `${dir}/etc`, { recursive: true, verbatimSymlinks: true });
  const shell = localShell(isolated({ '/etc': `${dir}/etc`, '/home': `${dir}/home` }));
  t.teardown(() => shell.close());
  const cases: [Resource<AccountState>, string][] = [
    [group('t-one', { gid: 4242 }), 'create'],
    [group('t-one', { gid: 4243 }), 'change gid 4242 → 4243'],
    [group('t-two', { system: true }), 'create'],
    [user('t-app', { system: true, comment: 'The app' }), 'create'],
    [
      user('t-app', { system: true, groups: ['t-one', 't-two'], shell: '/bin/sh' }),
      'change shell /usr/sbin/nologin → /bin/sh, add to t-one, t-two',
    ],
    [user('t-person', { groups: ['t-one'] }), 'create'],
    [user('t-person', { comment: 'A person' }), 'change comment (none) → A person'],
    [user('t-two', { createHome: false }), 'create'],
    [user('t-late', { system: true }), 'create'],
    [user('t-late', { home: '/home/t-late' }), 'create /home/t-late'],
    [user.absent('t-late', { home: true }), 'remove'],
  ];
  for (const [resource, expected] of cases) {
    const name = `${resource.kind} ${resource.name}: ${expected}`;
    t.equal((await applyOnce(resource, shell)).map(({ summary }) => summary).join(), expected, name);
    const before = fingerprint(`${dir}/home`) + readFileSync(`${dir}/etc/passwd`, 'utf8');
    t.strictSame(await applyOnce(resource, shell), [], `${name}, again`);
    t.equal(fingerprint(`${dir}/home`) + readFileSync(`${dir}/etc/passwd`, 'utf8'), before);
  }
  t.match(
    readFileSync(`${dir}/etc/passwd`, 'utf8'),
    /^t-app:x:\d{3}:\d{3}:The app:\/home\/t-app:\/bin\/sh$/m,
  );
  t.match(readFileSync(`${dir}/etc/group`, 'utf8'), /^t-one:x:4243:t-app,t-person$/m);
  t.ok(statSync(`${dir}/home/t-person`).isDirectory());
  await t.rejects(applyOnce(group.absent('t-person'), shell), /primary group/);
  await t.rejects(applyOnce(user('t-x', { group: 'no-such' }), shell), /group 'no-such' does not exist/);
  t.notMatch(readFileSync('/etc/passwd', 'utf8'), /^t-app/m, 'this computer is unchanged');
});
