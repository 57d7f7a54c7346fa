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

t.test('a host without groups gets those of its machine in machines.yml', async (t) => {
  const groups = async (text: string, machines: object) =>
    (await hostsOf(text, machines)).map((h) => h.groups);
  t.strictSame(await groups('hosts: { any: {} }', { vm: app }), [['app']], 'of the only machine');
  const two = { a: app, b: { ...app, groups: ['db'] } };
  t.strictSame(
    await groups('hosts: { b: {}, c: {} }', two),
    [['db'], []],
    'of the machine with the same name',
  );
  t.strictSame(await groups('hosts: { a: { groups: [] } }', two), [[]], 'its own groups take precedence');
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
  ['an option as a user', 'hosts: { a: { user: -l } }', /hosts\.a\.user: expected a user name/],
  ['a host named like an option', 'hosts: { -a: {} }', /:1:10: hosts\.-a: expected a name of letters/],
  [
    'a key that does not exist',
    'hosts: { a: { key: gone } }',
    /:1:15: hosts\.a\.key: .*\/gone cannot be read: there is no such file$/,
  ],
  ['one of several keys', 'hosts: { a: { keys: [id, gone] } }', /:1:26: hosts\.a\.keys\.1: .*no such file/],
  ['a directory as a key', 'hosts: { a: { key: directory } }', /cannot be read: it is a directory/],
  ['key and keys', 'hosts: { a: { key: id, keys: [id] } }', /:1:24: hosts\.a\.keys: "key" is also set/],
  [
    'a password file that does not exist',
    'hosts: { a: { sudo_password_file: no } }',
    /sudo_password_file: .*no such file/,
  ],
  ['an invalid host key', 'hosts: { a: { host_key: abc } }', /hosts\.a\.host_key: .*public host key/],
  [
    'an invalid private address',
    'hosts: { a: { private_address: web } }',
    /:1:15: hosts\.a\.private_address: /,
  ],
  ['a group with a space', 'hosts: { a: { groups: ["a b"] } }', /hosts\.a\.groups\.0: expected a group name/],
  ['vars without a role', 'hosts: { a: { vars: { tls: none } } }', /:1:23: hosts\.a\.vars\.tls: /],
  ['a duplicate host', 'hosts:\n  a: {}\n  a: {}', /:3:3: duplicate key/],
  ['a tab', 'hosts:\n\ta: {}', /hosts\.yml:2:1: a tab is used for indentation/],
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

t.test('all problems are reported together', async (t) => {
  const text = 'hosts:\n  a: { port: 0, key: gone }\n  b: { usr: x }\n';
  const error: unknown = await hostsOf(text).catch((error) => error);
  t.match(String((error as Error).message).split('\n'), [/a\.port/, /a\.key/, /b\.usr/]);
});

t.test('a file that does not exist', async (t) => {
  const hosts = staticProvider(join(folder, 'none.yml')).hosts(options);
  await t.rejects(hosts, { kind: 'input', message: /none\.yml: cannot be read: there is no such file/ });
});
