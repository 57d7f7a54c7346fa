import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { explain } from '../errors.ts';
import type { Host } from '../host.ts';
import { blank, options, probe, read } from '../testing/ssh/session.ts';
import { newKey, remove, type Sshd, sshd } from '../testing/ssh/sshd.ts';
import { openSession } from './open.ts';

const server = await sshd({ kinds: ['ed25519', 'rsa', 'ecdsa'] });
t.teardown(() => remove(server));
const user = server.host().user ?? '';
const at = `[127.0.0.1]:${server.port}`;
const stranger = readFileSync(`${newKey(`${server.folder}/stranger`)}.pub`, 'utf8').trim();
const [ed25519 = '', rsa = ''] = server.hostKeys;

/** The user name if a session could be opened, otherwise the error as shown. */
async function outcome(host: Host, config?: string): Promise<string> {
  try {
    const session = await openSession(host, options({ ...(config ? { config } : {}) }));
    const seen = await probe(session);
    await session.close();
    return String(seen?.stdout.trim());
  } catch (error) {
    return `${Reflect.get(Object(error), 'kind')}: ${explain(error)}`;
  }
}

/** The server without host keys of its own, so that known_hosts decides. */
function plain(of: Sshd, more: Partial<Host> = {}): Host {
  const { hostKeys: _, ...host } = of.host(more);
  return host;
}

t.test('host keys in the host entry: only those are accepted', async (t) => {
  for (const key of server.hostKeys)
    t.equal(await outcome(server.host({ hostKeys: [key] })), user, key.slice(0, 20));
  t.equal(await outcome(server.host({ hostKeys: [stranger, ed25519] })), user);
  t.match(
    await outcome(server.host({ hostKeys: [stranger] })),
    /^unreachable: box: the host key of 127.0.0.1:\d+ is not the expected one: expected ED25519 key SHA256:.*found ED25519 key SHA256:/,
  );
  t.match(
    await outcome(server.host({ hostKeys: [] })),
    /expected a valid key/,
    'an empty list accepts nothing',
  );
});

const known: [name: string, lines: (file: string) => void, words: RegExp | string][] = [
  ['the key is known', (file) => writeFileSync(file, `${at} ${ed25519}\n`), user],
  ['a key of another type is known', (file) => writeFileSync(file, `${at} ${rsa}\n`), user],
  [
    'two keys, the second matches',
    (file) => writeFileSync(file, `${at} ${stranger}\n${at} ${ed25519}\n`),
    user,
  ],
  [
    'hashed',
    (file) => {
      writeFileSync(file, `${at} ${ed25519}\n`);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    },
    user,
  ],
  [
    'changed',
    (file) => writeFileSync(file, `# a comment\n${at} ${stranger}\n`),
    /^unreachable: box: the host key of 127.0.0.1:\d+ has changed: expected .* \(.*known_hosts:2\), found .*\n {2}→ .*ssh-keygen -f .*known_hosts -R '\[127.0.0.1\]:\d+'/,
  ],
  [
    'revoked',
    (file) => writeFileSync(file, `@revoked * ${ed25519}\n${at} ${ed25519}\n`),
    /the host key of .* is revoked: .*known_hosts:1/,
  ],
  [
    'only a certificate authority is known',
    (file) => writeFileSync(file, `@cert-authority * ${stranger}\n`),
    /is unknown: .*there is a @cert-authority line, but certificates are not supported/,
  ],
  ['for another port', (file) => writeFileSync(file, `127.0.0.1 ${ed25519}\n`), /is unknown/],
];
for (const [name, write, words] of known) {
  t.test(`known_hosts: ${name}`, async (t) => {
    const { config, known, text } = blank(t.testdir());
    writeFileSync(config, text);
    write(known);
    t.match(await outcome(plain(server), config), words);
  });
}

t.test('an unknown key is refused, with its fingerprint as ssh-keygen prints it', async (t) => {
  const { config, text } = blank(t.testdir());
  writeFileSync(config, text);
  const words = await outcome(plain(server), config);
  const print = execFileSync('ssh-keygen', ['-lf', `${server.folder}/host_ed25519.pub`], {
    encoding: 'utf8',
  });
  t.match(words, String(print.split(' ')[1]));
  t.match(
    words,
    new RegExp(
      `→ connect once .*: ssh -p ${server.port} ${user}@127.0.0.1; .*ssh-keyscan -p ${server.port} 127.0.0.1 >> .*known_hosts$`,
    ),
  );
});

t.test(
  'the first key of a new machine is accepted and stored; a different key is refused later',
  async (t) => {
    const file = `${t.testdir()}/state/known_hosts`;
    t.equal(await outcome(plain(server, { acceptNewIn: file })), user);
    t.equal(readFileSync(file, 'utf8'), `${at} ${ed25519.split(' ').slice(0, 2).join(' ')}\n`);
    t.equal(statSync(file).mode & 0o777, 0o600);
    t.equal(await outcome(plain(server, { acceptNewIn: file })), user);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/ssh-ed25519 .*/, stranger));
    t.match(await outcome(plain(server, { acceptNewIn: file })), /has changed/);
  },
);

t.test('a key that cannot be stored', async (t) => {
  const file = `${t.testdir()}/a-file`;
  writeFileSync(file, '');
  const words = await outcome(plain(server, { acceptNewIn: `${file}/known_hosts` }));
  t.match(words, /^unreachable: box: .*E(EXIST|NOTDIR).*a-file/);
});

t.test('no key is stored for a machine that refuses the user', async (t) => {
  const file = `${t.testdir()}/known_hosts`;
  const other = newKey(`${t.testdirName}/other`);
  t.match(await outcome(plain(server, { acceptNewIn: file, keyFiles: [other] })), /refused every key/);
  t.equal(read(file), '');
});

t.test(
  'StrictHostKeyChecking accept-new of ssh_config; a changed key is refused even with "no"',
  async (t) => {
    for (const setting of ['accept-new', 'no']) {
      const { config, known, text } = blank(t.testdir(), `StrictHostKeyChecking ${setting}`);
      writeFileSync(config, text);
      t.equal(await outcome(plain(server), config), user);
      t.match(readFileSync(known, 'utf8'), at);
      writeFileSync(known, `${at} ${stranger}\n`);
      t.match(await outcome(plain(server), config), /has changed/);
    }
  },
);

t.test('an alias in ssh_config supplies everything; the host entry takes precedence', async (t) => {
  const mine = `Host web\n  HostName 127.0.0.1\n  Port ${server.port}\n  User ${user}\n  IdentityFile ${server.key}\n  HostKeyAlias the-web\n`;
  const { config, known, text } = blank(t.testdir(), mine);
  writeFileSync(config, text.replace(/\n +IdentityFile none/, ''));
  writeFileSync(known, `the-web ${ed25519}\n`);
  const web: Host = { name: 'web', address: 'web', groups: [], forwarded: {}, vars: {} };
  t.equal(await outcome(web, config), user);
  t.match(await outcome({ ...web, user: 'nobody-here' }, config), /refused every key for user "nobody-here"/);
  t.match(await outcome({ ...web, port: 1 }, config), /nothing is listening at 127.0.0.1:1:/);
});

t.test('an invalid ssh_config, and one with an unsupported setting', async (t) => {
  const { config } = blank(t.testdir());
  writeFileSync(config, 'Nonsense yes\n');
  t.match(
    await outcome(plain(server), config),
    /^input: box: ssh -G 127.0.0.1 failed\n {4}.*[Bb]ad configuration/,
  );
  writeFileSync(config, 'ProxyCommand nc %h %p\n');
  t.match(
    await outcome(plain(server), config),
    /^input: box: .*ProxyCommand.*not supported\n {2}→ use ProxyJump/,
  );
});

t.test('a name that does not exist', async (t) => {
  const { config, text } = blank(t.testdir(), `IdentityFile ${server.key}`);
  writeFileSync(config, text.replace(/\n +IdentityFile none/, ''));
  const words = await outcome({ ...plain(server), address: 'no.such.name.invalid' }, config);
  t.match(words, /^unreachable: box: the name "no.such.name.invalid" (does not exist|could not be resolved)/);
});

t.test('jump hosts', async (t) => {
  const [one, two] = [await sshd(), await sshd()];
  t.teardown(() => Promise.all([remove(one), remove(two)]));
  const { config, known, text } = blank(t.testdir());
  const entry = (name: string, of: Sshd, more: string) =>
    `Host ${name}\n  HostName 127.0.0.1\n  Port ${of.port}\n  IdentityFile ${of.key}\n${more}`;
  const write = (jumps: string, more = '') =>
    writeFileSync(
      config,
      `${entry('one', one, more)}${entry('two', two, '')}${entry('inner', server, `  ProxyJump ${jumps}\n`)}${text.replace(/\n +IdentityFile none/, '')}`,
    );
  const inner: Host = { name: 'inner', address: 'inner', groups: [], forwarded: {}, vars: {} };
  const line = (of: Sshd) => `[127.0.0.1]:${of.port} ${of.hostKeys[0]}\n`;
  writeFileSync(known, line(one) + line(two) + line(server));
  for (const jumps of ['one', `${user}@one`, `ssh://one`, 'one,two', `${user}@two:${two.port},one`]) {
    write(jumps);
    t.equal(await outcome(inner, config), user, jumps);
  }
  write('two', '');
  const session = await openSession(inner, options({ config }));
  t.ok(await probe(session));
  const exchange = probe(session);
  await Promise.all([exchange, two.stop()]);
  await session.close();
  t.match(await outcome(inner, config), /^unreachable: inner, jump host two: nothing is listening at/);
  write('one', '  User nobody-here\n');
  t.match(
    await outcome(inner, config),
    /^unreachable: inner, jump host one: .* refused every key for user "nobody-here"/,
  );
  write('one');
  writeFileSync(known, line(server));
  t.match(await outcome(inner, config), /^unreachable: inner, jump host one: the host key .* is unknown/);
  writeFileSync(known, line(one));
  t.match(
    await outcome(inner, config),
    /^unreachable: inner: the host key .* is unknown/,
    'also checked for the inner host',
  );
});

t.test('a jump host that forbids forwarding, and one whose target does not answer', async (t) => {
  const [shut, fine] = [await sshd({ lines: ['AllowTcpForwarding no'] }), await sshd()];
  t.teardown(() => Promise.all([remove(shut), remove(fine)]));
  for (const [jump, port, words] of [
    [
      shut,
      server.port,
      /the jump host localhost:\d+ does not allow a connection to 127.0.0.1:\d+\n {2}→ check AllowTcp/,
    ],
    [fine, 1, /the jump host could not connect to 127.0.0.1:1: .*[Rr]efused/],
  ] as const) {
    const { config, known, text } = blank(
      t.testdir(),
      `Host 127.0.0.1\n  ProxyJump jump\nHost jump\n HostName localhost\n Port ${jump.port}\n IdentityFile ${jump.key}\n`,
    );
    writeFileSync(config, text.replace(/\n +IdentityFile none/, ''));
    writeFileSync(known, `[localhost]:${jump.port} ${jump.hostKeys[0]}\n${at} ${ed25519}\n`);
    const error = await openSession(plain(server, { port }), options({ config })).catch((error) => error);
    t.match(explain(error), words);
  }
});

// The server keeps the process alive until the teardown, which runs after this.
t.end();
