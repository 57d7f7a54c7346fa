import { cpSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Resource } from '../language/resource.ts';
import { localShell } from '../shell/local.ts';
import { applyOnce, fingerprint, isolated, pending } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { cron } from './cron.ts';
import { sysctl } from './sysctl.ts';
import { timezone } from './timezone.ts';

const skip = becomeRoot();

t.test('plan of sysctl', async (t) => {
  const one = sysctl('net.ipv4.ip_local_port_range', '1024 65000');
  const cases: [string, Parameters<typeof one.plan>[0], string[]][] = [
    [
      'in the desired state',
      [{ live: '1024\t65000', stored: 'net.ipv4.ip_local_port_range = 1024 65000' }],
      [],
    ],
    ['only live', [{ live: '1024\t65000' }], ['store net.ipv4.ip_local_port_range = 1024 65000']],
    [
      'only stored',
      [{ live: '1\t2', stored: 'net.ipv4.ip_local_port_range = 1024 65000' }],
      ['change net.ipv4.ip_local_port_range 1 2 → 1024 65000'],
    ],
    [
      'another value stored',
      [{ live: '1024 65000', stored: 'x = 1' }],
      ['change stored x = 1 → net.ipv4.ip_local_port_range = 1024 65000'],
    ],
    [
      'unknown to the kernel',
      [{ stored: 'net.ipv4.ip_local_port_range = 1024 65000' }],
      ['change net.ipv4.ip_local_port_range (no such setting) → 1024 65000'],
    ],
  ];
  for (const [name, state, expected] of cases) {
    t.strictSame(
      one.plan(state).map(({ summary }) => summary),
      expected,
      name,
    );
  }
});

t.test('invalid input', async (t) => {
  t.throws(() => sysctl({}), /no settings given/);
  t.throws(() => sysctl('swappiness', 1), /name with dots/);
  t.throws(() => sysctl('vm.../../etc', 1), /name with dots/);
  t.throws(() => sysctl('vm.swappiness', ''), /value on one line/);
  const job = { schedule: '@daily', command: 'true' };
  t.throws(() => cron('a.b', job), /letters, digits/);
  t.throws(() => cron('a', { ...job, schedule: '* * * *' }), /five fields/);
  t.throws(() => cron('a', { ...job, schedule: '@never' }), /five fields/);
  t.throws(() => cron('a', { ...job, command: 'a\nb' }), /on one line/);
  t.throws(() => timezone('../../etc/passwd'), /name of a time zone/);
});

t.test("the kernel's own settings", async (t) => {
  const shell = localShell();
  t.teardown(() => shell.close());
  const cases: [string, RegExp][] = [
    ['kernel.pid_max', new RegExp(`^${readFileSync('/proc/sys/kernel/pid_max', 'utf8').trim()} → x$`)],
    ['kernel.ostype', /^Linux → x$/],
    ['fs.file-nr', /^\d+ \d+ \d+ → x$/],
    ['kernel.no_such_setting', /^\(no such setting\) → x$/],
  ];
  for (const [key, expected] of cases) {
    const changes = await pending(sysctl(key, 'x'), shell);
    t.match(changes.at(-1)?.summary.replace(`change ${key} `, ''), expected, key);
  }
});

t.test('with a real shell and a scratch /etc and /proc/sys', { skip }, async (t) => {
  const dir = t.testdir({ etc: { 'sysctl.d': {}, 'cron.d': {}, timezone: 'Etc/UTC\n' }, sys: {}, zones: {} });
  for (const name of ['passwd', 'group']) cpSync(`/etc/${name}`, `${dir}/etc/${name}`);
  mkdirSync(`${dir}/sys/vm`);
  writeFileSync(`${dir}/sys/vm/swappiness`, '60\n');
  writeFileSync(`${dir}/sys/vm/range`, '1\t2\n');
  symlinkSync('../usr/share/zoneinfo/Etc/UTC', `${dir}/etc/localtime`);
  mkdirSync(`${dir}/zones/Europe`);
  writeFileSync(`${dir}/zones/Europe/Berlin`, '');
  const over = { '/etc': `${dir}/etc`, '/proc/sys': `${dir}/sys`, '/usr/share/zoneinfo': `${dir}/zones` };
  const shell = localShell(isolated(over));
  t.teardown(() => shell.close());
  const summaries = async <S>(resource: Resource<S>) =>
    (await applyOnce(resource, shell)).map(({ summary }) => summary).join('; ');
  const cases: [Resource, string][] = [
    [sysctl('vm.swappiness', 10), 'store vm.swappiness = 10; change vm.swappiness 60 → 10'],
    [sysctl({ 'vm.swappiness': 10, 'vm.range': '1 3' }), 'store vm.range = 1 3; change vm.range 1 2 → 1 3'],
    [timezone('Etc/UTC'), ''],
    [timezone('Europe/Berlin'), 'change Etc/UTC → Europe/Berlin'],
    [
      cron('tidy', { schedule: '*/5 0 * * mon-fri', user: 'nobody', command: 'date +%F >/dev/null' }),
      'create',
    ],
    [cron('tidy', { schedule: '@daily', command: 'true' }), 'change its content'],
    [cron.absent('tidy'), 'remove the file'],
    [cron('last', { schedule: '0 3 * * *', command: 'date +%F' }), 'create'],
  ];
  for (const [resource, expected] of cases) {
    const name = `${resource.kind} ${resource.name}`;
    t.equal(await summaries(resource), expected, name);
    const before = fingerprint(dir);
    t.equal(await summaries(resource), '', `${name}, again`);
    t.equal(fingerprint(dir), before);
  }
  t.equal(readFileSync(`${dir}/etc/sysctl.d/90-vm.swappiness.conf`, 'utf8'), 'vm.swappiness = 10\n');
  t.equal(readlinkSync(`${dir}/etc/localtime`), '/usr/share/zoneinfo/Europe/Berlin');
  t.equal(readFileSync(`${dir}/etc/timezone`, 'utf8'), 'Europe/Berlin\n');
  t.equal(readFileSync(`${dir}/etc/cron.d/last`, 'utf8'), '0 3 * * * root date +\\%F\n');
  await t.rejects(
    applyOnce(timezone('Europe/Nowhere'), shell),
    /check the name of the time zone, or install tzdata/,
  );
  await t.rejects(applyOnce(sysctl('vm.nonesuch.x', 1), shell), /nonexistent|No such file/);
});
