import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { cli, type Refusal, refuses } from '../testing/cli.ts';

// It starts the command about fifteen times.
t.setTimeout(80_000);

t.test('a bad inventory: one clear line, exit code 3, nothing contacted', async (t) => {
  const folder = t.testdir();
  const inventory = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };
  const good = inventory(
    'good.yml',
    'hosts:\n  web1:\n    address: 127.0.0.1\n    port: 1\n    user: root\n    groups: [app]\n',
  );
  mkdirSync(`${folder}/dir`);
  const table: Refusal[] = [
    [
      'missing file',
      ['approach_0', '-i', `${folder}/no.yml`],
      /no\.yml: cannot be read: there is no such file/,
    ],
    ['a folder', ['approach_0', '-i', `${folder}/dir`], /dir: cannot be read: it is a directory/],
    ['empty file', ['approach_0', '-i', inventory('empty.yml', '')], /empty\.yml:1:1: the file is empty/],
    [
      'syntax',
      ['approach_0', '-i', inventory('syntax.yml', 'hosts: {a: [}\n')],
      /syntax\.yml:1:\d+: not valid YAML/,
    ],
    [
      'tab',
      ['approach_0', '-i', inventory('tab.yml', 'hosts:\n\ta: 1\n')],
      /tab\.yml:2:1: a tab is used for indentation/,
    ],
    [
      'duplicate key',
      ['approach_0', '-i', inventory('twice.yml', 'hosts: {}\nhosts: {}\n')],
      /twice\.yml:2:1: duplicate key/,
    ],
    [
      'unknown key',
      ['approach_0', '-i', inventory('key.yml', 'hosts:\n  a:\n    adress: x\n')],
      /key\.yml:3:5: hosts\.a\.adress: unknown key; did you mean "address"\?/,
    ],
    [
      'missing key file',
      [
        'approach_0',
        '-i',
        inventory('nokey.yml', `hosts:\n  a:\n    address: 127.0.0.1\n    key: ${folder}/nokey\n`),
      ],
      /nokey\.yml:4:\d+: hosts\.a\.key: .*nokey cannot be read/,
    ],
    [
      'unknown role in vars',
      [
        'approach_0',
        '-i',
        inventory(
          'vars.yml',
          'hosts:\n  a:\n    address: 127.0.0.1\n    groups: [app]\n    vars:\n      ngin: {tls: none}\n',
        ),
      ],
      /vars\.yml:6:7: the approach applies no role "ngin"/,
    ],
    [
      'wrong variables of several roles of a host: all of them, each at its place',
      [
        'approach_0',
        '-i',
        inventory(
          'values.yml',
          'hosts:\n  a:\n    groups: [app]\n    vars:\n      nginx: {max_body: x, upstreams: [], sever_name: a}\n      app: {user: A B}\n',
        ),
      ],
      new RegExp(
        [
          'values\\.yml:6:13: app\\.user: expected the name of a user, found "A B"',
          'values\\.yml:5:43: nginx has no variable "sever_name"; did you mean "server_name"\\?.*',
          'values\\.yml:5:28: nginx\\.upstreams: expected at least 1 element, found an empty list',
          'values\\.yml:5:15: nginx\\.max_body: expected a size such as 1m, found "x"',
        ].join('\n.*'),
      ),
    ],
    [
      'no host in a group',
      [
        'approach_0',
        '-i',
        inventory('group.yml', 'hosts:\n  a:\n    address: 127.0.0.1\n    groups: [web]\n'),
      ],
      /no host is in the group "app"/,
    ],
    [
      'a key file that is not a key',
      [
        'approach_0',
        '-i',
        inventory(
          'badkey.yml',
          `hosts:\n  a:\n    address: 127.0.0.1\n    key: good.yml\n    groups: [app]\n`,
        ),
      ],
      /a: the key .*good\.yml cannot be used: not a private key .*\n.*ssh-keygen/,
    ],
  ];
  await refuses(t, table);
  t.equal((await cli('approach_0', '--list', '-i', good)).exitCode, 0);
  const back = ['approach_1', '--rollback', '--list', '-i'];
  const { exitCode, stdout } = await cli(...back, good, '-e', 'docker.source=docker');
  t.equal(exitCode, 0, 'a variable for a role that the rollback does not apply is accepted');
  t.notMatch(stdout, 'docker');
  const vars = `${readFileSync(good, 'utf8')}    vars: { docker: { source: docker } }\n`;
  t.equal((await cli(...back, inventory('back.yml', vars))).exitCode, 0, 'in an inventory too');
});
