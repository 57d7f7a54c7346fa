import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { freePort } from '../testing/servers/process.ts';

t.setTimeout(300_000);
const folder = mkdtempSync(join(tmpdir(), 'theapp-app-test-'));
const env = { THEAPP_SERVERS: folder, PORT: String(await freePort()) };
const words = (...args: string[]) => [join(import.meta.dirname, 'app.ts'), ...args];
const app = (...args: string[]) =>
  execa(process.execPath, words(...args), { env, reject: false, stdin: 'ignore' });

/** Processes whose working directory is in the test's folder. */
const left = () =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });

t.teardown(async () => {
  await app('deps', 'stop');
  rmSync(folder, { recursive: true, force: true });
});

t.test('the servers that are installed on this computer are started', async (t) => {
  t.match(await app('deps', 'status'), {
    exitCode: 0,
    stdout: 'no server is running; to start them: npm run app:deps',
  });
  const up = await app('deps', '--with', 'installed');
  t.equal(up.exitCode, 0, up.stderr);
  t.match(up.stderr, 'using the servers installed on this computer');
  for (const name of ['mariadb', 'redis', 'memcached'])
    t.match(up.stdout, new RegExp(`^${name} +127\\.0\\.0\\.1:\\d+ +/.*, process \\d+, data in `, 'm'));
  t.equal(left().length, 3);

  const passwords = join(folder, 'passwords.json');
  t.equal(statSync(passwords).mode & 0o777, 0o600);
  const { mysql, redis } = JSON.parse(readFileSync(passwords, 'utf8')) as Record<string, string>;
  for (const secret of [mysql, redis]) {
    t.match(secret, /^[\w-]{32}$/);
    t.notMatch(up.all ?? `${up.stdout}${up.stderr}`, secret);
    const commands = left().map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    t.notMatch(commands.join(), secret, 'no command line contains a password');
  }
  const again = await app('deps');
  t.equal(again.stdout, up.stdout, 'the second call finds the running servers');
  t.match(up.stdout, (await app('deps', 'status')).stdout, 'and so does status');
});

t.test('npm run app', async (t) => {
  const child = app('run');
  let said = '';
  child.stderr.on('data', (part) => {
    said += part;
  });
  while (!/answers at (\S+)/.test(said) && child.exitCode === null) await once(child.stderr, 'data');
  const url = /answers at (\S+)/.exec(said)?.[1] ?? '';
  t.equal(url, `http://127.0.0.1:${env.PORT}/`);
  t.equal(await (await fetch(url)).text(), 'Hello world!\n', 'migrated, and MySQL answers');
  t.match(await (await fetch(`${url}counter/a`)).json(), { count: 1 }, 'Redis counts');
  t.match(await (await fetch(`${url}charmander`)).json(), { data: { count: 1 } }, 'Memcached counts');
  child.kill('SIGTERM');
  t.match(await child, { exitCode: 0 }, 'it stops gracefully');
  await t.rejects(fetch(url));
  t.equal(left().length, 3, 'the servers stay');
});

t.test('stop and purge', async (t) => {
  t.match(await app('deps', 'stop'), { exitCode: 0, stdout: 'stopped: mariadb, redis, memcached' });
  t.strictSame(left(), [], 'no process is left');
  t.match(await app('deps', 'stop'), { exitCode: 0, stdout: 'no server was running' });

  const child = app('run', '--with', 'installed');
  await once(child.stderr, 'data');
  child.kill('SIGTERM');
  t.not((await child).exitCode, 0, 'a signal while it starts stops it');
  t.match(await app('deps', 'stop', '--purge'), { exitCode: 0 });
  t.strictSame(readdirSync(folder), ['passwords.json'], 'the data is removed');
});

t.test('arguments', async (t) => {
  const table: [string[], number, RegExp][] = [
    [['--help'], 0, /Usage: npm run app --/],
    [['deps', '--help'], 0, /up .*, status or stop/],
    [['deps', 'stop', '--help'], 0, /--purge/],
    [['deps', 'begin'], 3, /deps: expected one of up, status, stop, found "begin"/],
    [['deps', '--with', 'podman'], 3, /--with: expected one of docker, installed, found "podman"/],
    [['nonsense'], 3, /there is no command "nonsense"/],
    [['depz', '--help'], 3, /there is no command "depz"; did you mean "deps"\?/],
  ];
  for (const [args, exitCode, said] of table) {
    const ran = await app(...args);
    t.equal(ran.exitCode, exitCode, args.join(' '));
    t.match(`${ran.stdout}${ran.stderr}`, said);
  }
  const bare = await execa(process.execPath, words('deps', '--with', 'installed'), {
    env: { ...env, PATH: '/nonexistent', THEAPP_SERVERS: join(folder, 'bare') },
    reject: false,
  });
  t.equal(bare.exitCode, 1);
  t.match(
    bare.stderr,
    /not installed[\s\S]*omit --with, or sudo apt-get install -y --no-install-recommends mariadb-server redis-server memcached\n/,
  );
});
