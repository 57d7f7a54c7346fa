import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ProvisionError } from '../errors.ts';
import { staticProvider } from './static.ts';

const folder = t.testdir({ id: 'a key', other: 'a key', password: 'x' });
mkdirSync(join(folder, 'directory'));
const options = { approach: 'x', machines: {}, yes: false, image: 'auto', progress: () => {} };
const app = { memory: 1024, cpus: 2, disk: 10, groups: ['app'], forward: {} };

const hostsOf = (text: string, machines = {}) => {
  const file = join(folder, 'hosts.yml');
  writeFileSync(file, text);
  return staticProvider(file).hosts({ ...options, machines });
};

t.test('an inventory becomes hosts', async (t) => {
  const text = `hosts:
  web:
    address: 192.0.2.10
    port: 2222
    user: debian
    keys: [id, ./other]
    host_key: ssh-ed25519 AAAAC3Nz web@example
    groups: [app]
    private_address: 10.0.0.10
    forward: { 8080: 80 }
    vars: { nginx: { tls: self_signed } }
    sudo_password_file: password
  db.example.org: {}
`;
  const hosts = await hostsOf(text);
  t.equal(hosts[0]?.varsAt?.(['nginx', 'tls']).replace(/.*hosts/, 'hosts'), 'hosts.yml:11:22');
  const withoutPlaces = hosts.map(({ varsAt, ...host }) => host);
  t.strictSame(withoutPlaces, [
    {
      name: 'web',
      address: '192.0.2.10',
      port: 2222,
      user: 'debian',
      keyFiles: [join(folder, 'id'), join(folder, 'other')],
      hostKeys: ['ssh-ed25519 AAAAC3Nz'],
      groups: ['app'],
      privateAddress: '10.0.0.10',
      forwarded: { 80: { address: '192.0.2.10', port: 8080 } },
      vars: { nginx: { tls: 'self_signed' } },
      sudoPasswordFile: join(folder, 'password'),
    },
    { name: 'db.example.org', address: 'db.example.org', groups: [], forwarded: {}, vars: {} },
  ]);
});

t.test('a host without groups has those of the machine it stands for', async (t) => {
  const groups = async (text: string, machines: object) =>
    (await hostsOf(text, machines)).map((h) => h.groups);
  t.strictSame(await groups('hosts: { any: {} }', { vm: app }), [['app']], 'the only one');
  const two = { a: app, b: { ...app, groups: ['db'] } };
  t.strictSame(await groups('hosts: { b: {}, c: {} }', two), [['db'], []], 'the one of that name');
  t.strictSame(await groups('hosts: { a: { groups: [] } }', two), [[]], 'what it says itself comes first');
});

const key = '{ address: 192.0.2.1, key: id }';
const bad: [name: string, text: string, message: RegExp][] = [
  ['an empty file', '', /hosts\.yml:1:1: the file is empty/],
  ['no hosts', 'hosts: {}', /:1:1: hosts: expected at least one host$/],
  ['hosts missing', '{}', /: hosts: missing, expected (a mapping|record)/],
  ['an unknown key', `hosts: { a: ${key} }\nhots: 1`, /:2:1: hots: unknown key; did you mean "hosts"\?/],
  [
    'a misspelt key',
    'hosts: { a: { adress: x } }',
    /:1:15: hosts\.a\.adress: unknown key; did you mean "address"\?/,
  ],
  ['a port out of range', 'hosts: { a: { port: 70000 } }', /:1:15: hosts\.a\.port: expected at most 65535/],
  ['a port in words', 'hosts: { a: { port: ssh } }', /hosts\.a\.port: expected .*number.*, found "ssh"/],
  [
    'an option as an address',
    'hosts: { a: { address: -oProxy } }',
    /hosts\.a\.address: expected an address, a DNS name/,
  ],
  ['an option as a user', 'hosts: { a: { user: -l } }', /hosts\.a\.user: expected the name of a user/],
  ['a host named like an option', 'hosts: { -a: {} }', /:1:10: hosts\.-a: expected a name of letters/],
  [
    'a key that is not there',
    'hosts: { a: { key: gone } }',
    /:1:15: hosts\.a\.key: .*\/gone cannot be read: there is no such file$/,
  ],
  ['one key of several', 'hosts: { a: { keys: [id, gone] } }', /:1:26: hosts\.a\.keys\.1: .*no such file/],
  ['a folder as a key', 'hosts: { a: { key: directory } }', /cannot be read: it is a folder/],
  [
    'key and keys',
    'hosts: { a: { key: id, keys: [id] } }',
    /:1:24: hosts\.a\.keys: there is a "key" already/,
  ],
  [
    'a password file that is not there',
    'hosts: { a: { sudo_password_file: no } }',
    /sudo_password_file: .*no such file/,
  ],
  ['a host key that is none', 'hosts: { a: { host_key: abc } }', /hosts\.a\.host_key: .*public host key/],
  [
    'a private address that is none',
    'hosts: { a: { private_address: web } }',
    /:1:15: hosts\.a\.private_address: /,
  ],
  [
    'a group with a space',
    'hosts: { a: { groups: ["a b"] } }',
    /hosts\.a\.groups\.0: expected the name of a group/,
  ],
  ['vars without a role', 'hosts: { a: { vars: { tls: none } } }', /:1:23: hosts\.a\.vars\.tls: /],
  ['a duplicate host', 'hosts:\n  a: {}\n  a: {}', /:3:3: the same key stands here twice/],
  ['a tab', 'hosts:\n\ta: {}', /hosts\.yml:2:1: a tab is used as indentation/],
  ['broken syntax', 'hosts: [', /hosts\.yml:1:\d+: not valid YAML/],
];
for (const [name, text, message] of bad) {
  t.test(name, async (t) => {
    const error: unknown = await hostsOf(text).catch((error) => error);
    t.ok(error instanceof ProvisionError && error.kind === 'input');
    t.match(String((error as Error).message), message);
    t.equal(String((error as Error).message).split('\n').length, 1, 'one line');
  });
}

t.test('every problem is told at once', async (t) => {
  const text = 'hosts:\n  a: { port: 0, key: gone }\n  b: { usr: x }\n';
  const error: unknown = await hostsOf(text).catch((error) => error);
  t.match(String((error as Error).message).split('\n'), [/a\.port/, /a\.key/, /b\.usr/]);
});

t.test('a file that is not there', async (t) => {
  const hosts = staticProvider(join(folder, 'none.yml')).hosts(options);
  await t.rejects(hosts, { kind: 'input', message: /none\.yml: cannot be read: there is no such file/ });
});
