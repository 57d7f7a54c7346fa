import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { cli, type Refusal, refuses } from '../testing/cli.ts';

const ROOT = resolve(import.meta.dirname, '../..');

// It starts the command about forty times.
t.setTimeout(240_000);

t.test('bad words: one clear line, exit code 3, nothing contacted', async (t) => {
  const folder = t.testdir();
  mkdirSync(`${folder}/dir`);
  const approach = (name: string, code: string) => {
    mkdirSync(`${folder}/${name}`);
    writeFileSync(`${folder}/${name}/machines.yml`, 'machines:\n  vm: {}\n');
    writeFileSync(`${folder}/${name}/index.ts`, code);
    return `${folder}/${name}`;
  };
  const table: Refusal[] = [
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
      'bad image',
      ['approach_0', '--image', 'debain-13', '--provider', 'qemu'],
      /debain-13.*did you mean "debian-13"/,
    ],
    ['--forks', ['approach_0', '-f', '0'], /--forks: expected a whole number/],
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
  await refuses(t, table);
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
