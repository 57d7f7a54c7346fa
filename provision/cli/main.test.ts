import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { cli } from '../testing/cli.ts';

const ROOT = resolve(import.meta.dirname, '../..');

// It starts the command more than a hundred times.
t.setTimeout(240_000);

t.test('bad input: one clear line, exit code 3, nothing contacted', async (t) => {
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
  writeFileSync(`${folder}/key`, 'x');
  chmodSync(`${folder}/key`, 0o000);
  const approach = (name: string, code: string) => {
    mkdirSync(`${folder}/${name}`);
    writeFileSync(`${folder}/${name}/machines.yml`, 'machines:\n  vm: {}\n');
    writeFileSync(`${folder}/${name}/index.ts`, code);
    return `${folder}/${name}`;
  };
  const table: [string, string[], RegExp][] = [
    ['no such folder', [`${folder}/nowhere`], /nowhere: there is no such folder/],
    ['no approach in a folder', [`${folder}/dir`], /dir: this folder contains no approach/],
    [
      'code that cannot be loaded',
      [approach('broken', 'const a = 1;\nenum A { b }\n')],
      /broken\/index\.ts:2: the approach cannot be loaded: TypeScript enum/,
    ],
    [
      'code without an approach',
      [approach('other', 'export const a = 1;\n')],
      /other\/index\.ts: this file does not define an approach\n.*export default/,
    ],
    [
      'an empty limit',
      ['approach_0', '--limit', ''],
      /expected the name of a host or group, found an empty one/,
    ],
    [
      'a missing certificate',
      ['approach_0', '-e', 'nginx.tls=files', '-e', 'nginx.key_file=/none'],
      /nginx\.certificate_file: missing.*\n.*nginx\.key_file: \/none cannot be read: there is no such file/,
    ],
    ['no approach', [], /no approach was named \(approaches: approach_0/],
    ['unknown approach', ['aproach_0'], /there is no approach "aproach_0"; did you mean "approach_0"\?/],
    [
      'unknown role in --tags',
      ['approach_0', '--tags', 'ngnix'],
      /--tags ngnix: there is no role "ngnix"; did you mean "nginx"\?/,
    ],
    [
      'unknown host',
      ['approach_0', '--limit', 'wm'],
      /--limit wm: there is no host or group "wm"; did you mean "vm"\?/,
    ],
    [
      'unknown variable',
      ['approach_0', '-e', 'nginx.sever_name=x'],
      /-e nginx\.sever_name: nginx has no variable "sever_name"; did you mean "server_name"\?/,
    ],
    [
      'unknown role of a variable',
      ['approach_0', '-e', 'ngin.tls=none'],
      /there is no role "ngin"; did you mean "nginx"\?/,
    ],
    [
      'ambiguous variable',
      ['approach_0', '-e', 'port=1'],
      /several roles have a variable "port": mariadb, redis, .*\n.*-e mariadb\.port=/,
    ],
    [
      'wrong type',
      ['approach_0', '-e', 'nginx.http_port=many'],
      /-e nginx\.http_port: expected a number, found "many"/,
    ],
    [
      'not of the list',
      ['approach_0', '-e', 'nginx.tls=maybe'],
      /nginx\.tls: expected one of none, self_signed, files, found "maybe"/,
    ],
    ['not key=value', ['approach_0', '-e', 'nginx'], /-e nginx: expected role\.variable=value/],
    [
      'unknown provider',
      ['approach_0', '--provider', 'virtualbox'],
      /--provider: expected one of qemu, docker, vagrant, static, found "virtualbox"/,
    ],
    ['unknown option', ['approach_0', '--chekc'], /there is no option "--chekc"; did you mean "--check"\?/],
    ['static without inventory', ['approach_0', '--provider', 'static'], /needs --inventory FILE/],
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
      'bad image',
      ['approach_0', '--image', 'debain-13', '--provider', 'qemu'],
      /debain-13.*did you mean "debian-13"/,
    ],
    ['--forks', ['approach_0', '-f', '0'], /--forks: expected a whole number/],
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
    [
      'two actions',
      ['approach_0', '--verify', '--rollback'],
      /--verify --rollback: these options exclude each other/,
    ],
    ['--purge alone', ['approach_0', '--purge'], /--purge: works only with --decommission/],
    ['--step without a terminal', ['approach_0', '--step'], /--step: needs a terminal .*\n.*--check/],
    ['-K without a terminal', ['approach_0', '-K'], /--ask-become-pass: needs a terminal/],
    [
      'a report in no folder',
      ['approach_0', '--report', `${folder}/none/report.html`],
      /report\.html: the report cannot be written: there is no folder/,
    ],
    ['a folder as the report', ['approach_0', '--report', folder], /cannot be written: it is a directory/],
    [
      'every wrong variable',
      ['approach_0', '-e', 'redis.pasword=hush', '-e', 'foo=1'],
      /-e redis\.pasword: redis has no variable .*\n {4}-e foo: no role has a variable "foo"/,
    ],
    [
      'a secret of the wrong type, which is not shown',
      ['approach_0', '-e', 'redis.password=123456'],
      /redis\.password: expected a secret: text that is not empty \(a number needs quotes\)\n/,
    ],
  ];
  for (const [what, args, wanted] of table) {
    const { exitCode, stderr, stdout } = await cli(...args);
    t.equal(exitCode, 3, what);
    t.match(stderr, wanted, what);
    t.equal(stdout, '', what);
    t.notMatch(stderr, /hush|123456/, `${what}: no secret`);
    t.notMatch(stderr, /\n\s+at .*:\d+:\d+/, `${what}: no stack trace`);
  }
  t.equal((await cli('approach_0', '--list', '-i', good)).exitCode, 0);
  const back = ['approach_1', '--rollback', '--list', '-i'];
  const { exitCode, stdout } = await cli(...back, good, '-e', 'docker.source=docker');
  t.equal(exitCode, 0, 'a variable for a role that the rollback does not apply is accepted');
  t.notMatch(stdout, 'docker');
  const vars = `${readFileSync(good, 'utf8')}    vars: { docker: { source: docker } }\n`;
  t.equal((await cli(...back, inventory('back.yml', vars))).exitCode, 0, 'in an inventory too');
});

t.test('a reader that closes stdout early', async (t) => {
  const command = `"$0" provision/cli.mjs approach_0 --list --provider qemu | head -1`;
  const { stdout, stderr } = await execa('sh', ['-c', command, process.execPath], { cwd: ROOT });
  t.strictSame([stdout, stderr], ['approach_0 (qemu)', '']);
});

t.test('--list, --help and --json', async (t) => {
  const list = await cli('approach_0', '--list', '--provider', 'qemu');
  t.equal(list.exitCode, 0);
  t.match(list.stdout, /^approach_0 \(qemu\)\n {2}common +vm\n {2}mariadb +vm\n/);
  const json = await cli('approach_0', '--list', '--json', '--provider', 'qemu');
  t.match(JSON.parse(json.stdout), {
    event: 'list',
    approach: 'approach_0',
    roles: [{ role: 'common', hosts: ['vm'] }],
  });
  const help = await cli('--help');
  t.equal(help.exitCode, 0);
  t.match(help.stdout, /--check/);
  const bad = await cli('aproach_0', '--json');
  const lines = bad.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(lines, [
    { event: 'error', kind: 'input' },
    { event: 'recap', exitCode: 3, hosts: [] },
  ]);
  t.equal(bad.stderr, '');
});
