import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import t from 'tap';
import { localShell } from '../shell/local.ts';
import { secret } from '../shell/secret.ts';
import { applyOnce, isolated, pending } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { type ServiceState, service, services } from './service.ts';
import { systemd } from './systemd.ts';

const skip = becomeRoot();

/** Output of `systemctl show` on Debian 12 and Ubuntu 24.04: a block for each name, in order. */
const block = (load: string, active: string, sub: string, file: string, stale = 'no') =>
  `LoadState=${load}\nActiveState=${active}\nSubState=${sub}\nUnitFileState=${file}\nNeedDaemonReload=${stale}\n`;

const recorded = [
  ['nginx', block('loaded', 'active', 'running', 'enabled')],
  ['redis', block('loaded', 'inactive', 'dead', 'disabled')],
  ['mysql', block('loaded', 'active', 'running', 'alias')],
  ['none', block('not-found', 'inactive', 'dead', '')],
  ['masked', block('masked', 'inactive', 'dead', 'masked')],
  ['looping', block('loaded', 'activating', 'auto-restart', 'enabled')],
  ['failed', block('loaded', 'failed', 'failed', 'enabled')],
  ['static', block('loaded', 'active', 'running', 'static')],
  ['edited', block('loaded', 'active', 'running', 'enabled', 'yes')],
  ['lost', block('loaded', 'reloading', 'reload', 'enabled-runtime')],
] as const;

function states(): Map<string, ServiceState> {
  const names = recorded.map(([name]) => `${name}.service`);
  const stdout = recorded.map(([, text]) => text).join('\n');
  const read = services.read({ code: 0, stdout, stderr: '' }, names);
  return new Map(recorded.map(([name], i) => [name, read[i] as ServiceState]));
}

t.test('plan', async (t) => {
  const off = { enabled: false, running: false };
  const cases: [string, Parameters<typeof service>[1], string[]][] = [
    ['nginx', {}, []],
    ['nginx', off, ['disable', 'stop']],
    ['nginx', { enabled: null, running: false }, ['stop']],
    ['redis', {}, ['enable', 'start (state: inactive)']],
    ['redis', off, []],
    ['redis', { running: null }, ['enable']],
    ['mysql', {}, []],
    ['none', {}, ['enable', 'start (state: inactive)']],
    ['none', off, []],
    ['masked', {}, ['unmask', 'enable', 'start (state: inactive)']],
    ['masked', off, []],
    ['looping', {}, ['start (state: activating)']],
    ['looping', { running: false }, ['stop']],
    ['failed', {}, ['start (state: failed)']],
    ['failed', { running: false }, []],
    ['static', {}, []],
    ['edited', {}, ['reload unit files']],
    ['lost', {}, ['enable']],
  ];
  for (const [name, options, expected] of cases) {
    const changes = service(name, options).plan(states().get(name) as ServiceState);
    t.strictSame(
      changes.map(({ summary }) => summary),
      expected,
      `${name} ${JSON.stringify(options)}`,
    );
  }
});

t.test('a host without systemd', { skip }, async (t) => {
  const shell = localShell(isolated({ '/run': t.testdir() }));
  t.teardown(() => shell.close());
  await t.rejects(applyOnce(service('nginx'), shell), /systemd is not running on this host; services need/);
  t.strictSame(await pending(service('nginx', { enabled: false, running: false }), shell), []);
  for (const name of ['', 'a b', '../x', 'a/b'])
    t.throws(() => service(name), /name of a systemd unit/, name);
});

t.test('unit files', { skip }, async (t) => {
  const dir = t.testdir({ run: {}, etc: {} });
  for (const name of ['passwd', 'group']) cpSync(`/etc/${name}`, `${dir}/etc/${name}`);
  const shell = localShell(isolated({ '/run': `${dir}/run`, '/etc': `${dir}/etc` }));
  t.teardown(() => shell.close());
  const content = '[Service]\nExecStart=/bin/true\n';
  for (const resource of [
    systemd.unit('app', { content }),
    systemd.unit('tidy.timer', { content: '[Timer]\nOnCalendar=daily\n' }),
    systemd.dropin('nginx', 'limits', { content: '[Service]\nLimitNOFILE=65536\n' }),
    systemd.dropin('nginx', 'secret', { content: secret('[Service]\nEnvironment=X=hidden-word\n') }),
  ]) {
    t.strictSame(
      (await applyOnce(resource, shell)).map(({ summary }) => summary),
      ['create'],
    );
  }
  t.strictSame(readdirSync(`${dir}/etc/systemd/system`).sort(), [
    'app.service',
    'nginx.service.d',
    'tidy.timer',
  ]);
  t.strictSame(readdirSync(`${dir}/etc/systemd/system/nginx.service.d`), ['limits.conf', 'secret.conf']);
  t.equal(statSync(`${dir}/etc/systemd/system/nginx.service.d`).mode & 0o7777, 0o755);
  t.equal(readFileSync(`${dir}/etc/systemd/system/app.service`, 'utf8'), content);
  t.notOk(existsSync('/etc/systemd/system/tidy.timer'));
  t.throws(() => systemd.dropin('nginx', 'a.conf', { content }), /letters, digits/);
});
