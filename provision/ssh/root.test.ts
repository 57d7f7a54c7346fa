import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { explain } from '../errors.ts';
import { secret } from '../shell/secret.ts';
import { sh } from '../shell/sh.ts';
import { needs } from '../testing/needs.ts';
import { becomeRoot } from '../testing/root.ts';
import { options, probe } from '../testing/ssh/session.ts';
import { remove, sshd } from '../testing/ssh/sshd.ts';
import { openSession } from './open.ts';

const skip = needs('sudo', 'sudo') || becomeRoot();

const PASSWORD = "pa ss'w$rd";
const users = ['free', 'asked', 'stranger', 'seated', 'few'];

/** Users and sudo rules that are visible only to this sshd and its sessions. */
function mounts(folder: string): string {
  const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], {
    input: `${PASSWORD}\n`,
    encoding: 'utf8',
  });
  for (const name of ['passwd', 'shadow']) copyFileSync(`/etc/${name}`, `${folder}/${name}`);
  for (const [i, user] of users.entries()) {
    const shell = user === 'few' ? '/bin/sh' : '/bin/bash';
    appendFileSync(`${folder}/passwd`, `${user}:x:${7000 + i}:7000::/nonexistent:${shell}\n`);
    appendFileSync(`${folder}/shadow`, `${user}:${hash.trim()}:19000:0:99999:7:::\n`);
  }
  const rules = [
    'Defaults env_reset, use_pty, lecture=always, secure_path="/usr/sbin:/usr/bin:/sbin:/bin"',
    'Defaults:seated requiretty',
    'free ALL=(ALL) NOPASSWD: ALL',
    'seated ALL=(ALL) NOPASSWD: ALL',
    'asked ALL=(ALL) ALL',
    'few ALL=(ALL) NOPASSWD: /usr/bin/id',
  ];
  writeFileSync(`${folder}/sudoers`, `${rules.join('\n')}\n`, { mode: 0o440 });
  const seen = ['passwd', 'shadow', 'sudoers'].map((name) => `mount --bind ${folder}/${name} /etc/${name}`);
  return [...seen, ...(statSync('/usr/bin/sudo').uid === 0 ? [] : ownSudo)].join('\n');
}

/** In a user namespace the computer's sudo belongs to nobody, and runs only where it belongs to root. */
const ownSudo = [
  'mount -t tmpfs -o mode=755 sudo /var/lib/sudo',
  'cp -r /usr/libexec/sudo /var/lib/sudo/plugins',
  'mount --bind /var/lib/sudo/plugins /usr/libexec/sudo',
  'cp /usr/bin/sudo /var/lib/sudo/program',
  'chmod 4755 /var/lib/sudo/program',
  'mount --bind /var/lib/sudo/program /usr/bin/sudo',
];

t.test('sudo', { skip }, async (t) => {
  const server = await sshd({ mounts });
  t.teardown(() => remove(server));
  const file = (content: string) => {
    writeFileSync(`${server.folder}/password`, content, { mode: 0o600 });
    return `${server.folder}/password`;
  };
  const root = async (...args: Parameters<typeof openSession>) => {
    const session = await openSession(...args);
    t.teardown(() => session.close());
    return session;
  };
  /** The error as shown. */
  const words = async (user: string, sudoPasswordFile?: string) => {
    const host = server.host({ user, ...(sudoPasswordFile ? { sudoPasswordFile } : {}) });
    const error = await openSession(host, options())
      .then((session) => probe(session).finally(() => session.close()))
      .catch((error) => error);
    return `${Reflect.get(Object(error), 'kind')}: ${explain(error)}`;
  };

  t.test('without a password: one round trip, as for root', async (t) => {
    const start = performance.now();
    const session = await root(server.host({ user: 'free' }), options());
    t.equal((await probe(session, sh`id -u`))?.stdout, '0\n');
    t.equal(session.roundTrips, 1);
    t.comment(`connect and first exchange through sudo: ${(performance.now() - start).toFixed()} ms`);
  });

  t.test('with a password, from a file or entered', async (t) => {
    const host = server.host({ user: 'asked', sudoPasswordFile: file(`${PASSWORD}\n`) });
    t.equal((await probe(await root(host, options()), sh`id -u`))?.stdout, '0\n');
    const typed = options({ sudo: { password: secret(PASSWORD) } });
    const session = await root(server.host({ user: 'asked' }), typed);
    t.equal((await probe(session, sh`id -u`))?.stdout, '0\n');
    const seen = await probe(
      session,
      sh`cat /proc/[0-9]*/cmdline /proc/$PPID/environ 2>/dev/null | tr '\0' ' ' || :`,
    );
    t.notMatch(seen?.stdout, 'pa ss', 'the password is in no command line');
  });

  t.test('a password is not sent unless sudo asks for it', async (t) => {
    const session = await root(
      server.host({ user: 'free', sudoPasswordFile: file('touch /tmp/ran') }),
      options(),
    );
    t.equal((await probe(session, sh`id -u`))?.stdout, '0\n');
    t.throws(() => statSync('/tmp/ran'), { code: 'ENOENT' });
  });

  t.test('refusals, each with advice', async (t) => {
    t.match(
      await words('asked'),
      /^unreachable: box: sudo asks user "asked" for a password\n[\s\S]*→ .*sudo_password_file.*NOPASSWD/,
    );
    t.match(
      await words('asked', file('wrong\n')),
      /^unreachable: box: sudo rejected the password of user "asked"\n[\s\S]*→ correct/,
    );
    t.match(await words('stranger'), /box: sudo asks user "stranger" for a password/);
    t.match(
      await words('stranger', file(PASSWORD)),
      /box: user "stranger" is not allowed to become root with sudo\n[\s\S]*→ .*usermod -aG sudo stranger/,
    );
    t.match(await words('few'), /box: sudo asks user "few" for a password/);
    t.match(await words('few', file(PASSWORD)), /box: user "few" is not allowed to become root/);
    t.match(
      await words('seated'),
      /box: sudo requires a terminal for user "seated" \(requiretty\)\n[\s\S]*→ .*!requiretty/,
    );
    t.match(
      await words('free', '/no/such/file'),
      /^input: box: the password file for sudo, \/no\/such\/file, cannot be read/,
    );
  });

  t.test('uploads go through sudo too', async (t) => {
    const from = `${server.folder}/from`;
    writeFileSync(from, Buffer.alloc(3_000_000, 'ab\n'));
    for (const user of ['free', 'asked']) {
      const to = `${server.folder}/to ${user}`;
      const session = await root(server.host({ user, sudoPasswordFile: file(PASSWORD) }), options());
      await session.upload({ from, to, bytes: 3_000_000 }, () => undefined);
      t.ok(readFileSync(to).equals(readFileSync(from)));
      t.match(statSync(to), { uid: 0, size: 3_000_000 });
      t.equal(statSync(to).mode & 0o777, 0o600);
    }
  });

  t.test('a host without sudo', async (t) => {
    const bin = `${server.folder}/bin`;
    mkdirSync(bin);
    for (const name of ['env', 'sh']) symlinkSync(`/usr/bin/${name}`, `${bin}/${name}`);
    const bare = await sshd({ mounts, env: { PATH: bin } });
    t.teardown(() => remove(bare));
    const session = await openSession(bare.host({ user: 'free' }), options());
    const error = await probe(session).catch((error) => error);
    t.match(
      explain(error),
      /^box: sudo is not installed on the host\n[\s\S]*→ .* as root on the host: apt-get install sudo/,
    );
  });
});
