import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import t from 'tap';
import { z } from 'zod';
import { parseArguments } from './command.ts';
import { explain } from './errors.ts';
import { checkExtras, extraLayer, parseExtra } from './extra.ts';
import { loadYaml } from './input/load.ts';
import type { Host } from './machines/provider.ts';
import { limit } from './pattern.ts';
import { role } from './role.ts';
import { secretStore } from './secrets.ts';
import { mask, reveal, secret } from './shell/secret.ts';
import { quote, sh } from './shell/sh.ts';
import { render } from './template.ts';

const said = (work: () => unknown): string => {
  try {
    return inspect(work());
  } catch (error) {
    return explain(error);
  }
};

t.test('sh quotes every value', async (t) => {
  const hidden = secret(`it's`);
  const table: [string, { text: string }, string][] = [
    ['a word', sh`echo ${'plain-1.0'}`, 'echo plain-1.0'],
    ['spaces', sh`echo ${'a b'}`, "echo 'a b'"],
    ['a quote', sh`echo ${"it's"}`, `echo 'it'\\''s'`],
    ['nothing', sh`echo ${''}`, "echo ''"],
    ['a list', sh`rm ${['a', 'b c', 3]}`, "rm a 'b c' 3"],
    ['a script', sh`set -e; ${sh`echo ${'x y'}`}`, "set -e; echo 'x y'"],
    ['a secret', sh`printf %s ${hidden}`, `printf %s 'it'\\''s'`],
    ['backslashes stay', sh`printf 'a\n' ${'\\n'}`, `printf 'a\\n' '\\n'`],
    ['inside $( ) inside quotes', sh`x="$(cat ${'a b'})"`, `x="$(cat 'a b')"`],
    [
      'after a comment with a quote',
      sh`# it's
echo ${'x'}`,
      "# it's\necho x",
    ],
  ];
  for (const [what, { text }, wanted] of table) t.equal(text, wanted, what);
  t.throws(() => sh`echo "${'x'}"`, /inside " quotes/);
  t.throws(() => sh`echo '${'x'}'`, /inside ' quotes/);
  t.throws(() => quote('a\0b'), /NUL/);
  t.throws(() => sh`echo ${Number.NaN}`, /not number/);
  t.strictSame(sh`${[hidden, 'x']}`.secrets, ["it's"]);
});

t.test('a secret cannot be seen by accident', async (t) => {
  const hidden = secret('hunter2-hunter2');
  t.throws(() => `${hidden}`, /cannot be turned into a string/);
  t.throws(() => String(hidden), /cannot be turned into a string/);
  t.equal(JSON.stringify({ hidden }), '{"hidden":"********"}');
  t.notMatch(inspect({ hidden }), /hunter2/);
  t.equal(reveal(hidden), 'hunter2-hunter2');
  t.equal(
    mask(`x hunter2-hunter2 ${Buffer.from('hunter2-hunter2').toString('base64')}`, ['hunter2-hunter2']),
    'x ******** ********',
  );
  t.equal(mask(quote("pa'ss"), ["pa'ss"]), "'********'");
});

t.test('bad YAML: one line a problem, with its place', async (t) => {
  const schema = z.strictObject({
    port: z.int().min(1).max(65535),
    name: z.string(),
    tls: z.enum(['none', 'files']).optional(),
  });
  const table: [string, string, RegExp][] = [
    ['unknown key', 'port: 80\nname: a\nprot: 81\n', /x\.yml:3:1: prot: unknown key; did you mean "port"\?/],
    ['wrong type', 'port: many\nname: a\n', /x\.yml:1:7?.*port: expected a number, found "many"/],
    ['too big', 'port: 70000\nname: a\n', /port: expected at most 65535, found the number 70000/],
    ['missing', 'port: 1\n', /x\.yml:1:1: name: missing, expected a string/],
    [
      'not of the list',
      'port: 1\nname: a\ntls: maybe\n',
      /x\.yml:3.*tls: expected one of none, files, found "maybe"/,
    ],
    ['tab', 'port: 1\nname:\n\t- a\n', /x\.yml:3:1: a tab is used as indentation/],
    ['duplicate', 'port: 1\nport: 2\nname: a\n', /x\.yml:2:1: the same key stands here twice/],
    ['syntax', 'port: [1\nname: a\n', /x\.yml:\d+:\d+: not valid YAML/],
    ['empty', '', /x\.yml:1:1: the file is empty/],
    ['a list', '- 1\n', /x\.yml:1:1: the file: expected a mapping, found a list/],
    [
      'two at once',
      'port: 0\nname: 1\n',
      /port: expected at least 1, found the number 0\n.*x\.yml:2.*name: expected a string, found the number 1/,
    ],
  ];
  const file = `${t.testdir()}/x.yml`;
  for (const [what, text, wanted] of table) {
    writeFileSync(file, text);
    t.match(
      said(() => loadYaml(file, schema)),
      wanted,
      what,
    );
  }
  t.match(
    said(() => loadYaml(`${file}.no`, schema)),
    /cannot be read: there is no such file/,
  );
  t.match(
    said(() => loadYaml(t.testdirName, schema)),
    /cannot be read: it is a directory/,
  );
});

const host = (name: string, ...groups: string[]): Host => ({
  name,
  groups,
  address: name,
  forwarded: {},
  vars: {},
});

t.test('--limit is Ansible’s pattern', async (t) => {
  const hosts = [host('web1', 'web'), host('web2', 'web', 'eu'), host('db1', 'db', 'eu')];
  const table: [string, string][] = [
    ['all', 'web1 web2 db1'],
    ['web', 'web1 web2'],
    ['web*', 'web1 web2'],
    ['db1,web2', 'web2 db1'],
    ['web,!web1', 'web2'],
    ['!web', 'db1'],
    ['eu,&web', 'web2'],
  ];
  for (const [pattern, wanted] of table) {
    t.equal(
      limit(pattern, hosts)
        .map(({ name }) => name)
        .join(' '),
      wanted,
      pattern,
    );
  }
  t.match(
    said(() => limit('wbe1', hosts)),
    /--limit wbe1: there is no host or group "wbe1"; did you mean "web1"\?/,
  );
  t.match(
    said(() => limit('web,!web', hosts)),
    /leaves no host/,
  );
});

t.test('templates are strict, and keep track of secrets', async (t) => {
  const folder = t.testdir({
    'a.hbs': '{{name}} & {{#if on}}on{{/if}} {{password}}\n',
    'b.hbs': 'x\n{{nmae}}\n',
    'c.hbs': '{{#if onn}}x{{/if}}',
    'd.hbs': '{{#if x}}',
  });
  const values = { name: 'a<b>', on: true, password: secret('pass-word-1'), other: secret('not-there') };
  t.strictSame(render(`${folder}/a.hbs`, values), {
    text: 'a<b> & on pass-word-1\n',
    secrets: ['pass-word-1'],
  });
  t.match(
    said(() => render(`${folder}/b.hbs`, values)),
    /b\.hbs:2: "nmae" is not defined/,
  );
  t.match(
    said(() => render(`${folder}/c.hbs`, values)),
    /\{\{#if\}\} asks about a name that does not exist/,
  );
  t.match(
    said(() => render(`${folder}/d.hbs`, values)),
    /d\.hbs:\d: Parse error/,
  );
  t.match(
    said(() => render(`${folder}/e.hbs`, values)),
    /the template cannot be read/,
  );
});

t.test('variables: layers, and every mistake with its place', async (t) => {
  const folder = `${t.testdir()}/web`;
  mkdirSync(folder);
  writeFileSync(`${folder}/defaults.yml`, '# the port\nport: 80\ntls: null\n');
  const vars = z.strictObject({ port: z.int(), tls: z.string().nullable() });
  const web = role({ folder, vars, tasks: () => [] });
  const extras = (...texts: string[]) => texts.map(parseExtra);
  const vars1 = (call: ReturnType<typeof web>, ...texts: string[]) => {
    checkExtras(extras(...texts), [call]);
    return call.resolve([extraLayer(extras(...texts), call)]).vars;
  };
  t.strictSame(vars1(web()), { port: 80, tls: null });
  t.strictSame(vars1(web({ port: 81 })), { port: 81, tls: null });
  t.strictSame(vars1(web({ port: 81 }), 'web.port=82', 'tls=files'), { port: 82, tls: 'files' });
  t.match(
    said(() => vars1(web(), 'web.prot=1')),
    /-e web\.prot=1: web has no variable "prot"; did you mean "port"\?/,
  );
  t.match(
    said(() => vars1(web(), 'prot=1')),
    /no role has a variable "prot"; did you mean "port"\?/,
  );
  t.match(
    said(() => vars1(web(), 'wbe.port=1')),
    /there is no role "wbe"; did you mean "web"\?/,
  );
  t.match(
    said(() => vars1(web(), 'web.port=no')),
    /-e web\.port: web\.port: expected a number, found "no"/,
  );
  t.match(
    said(() => vars1(web(), 'port')),
    /expected role\.variable=value/,
  );
  writeFileSync(`${folder}/defaults.yml`, 'port: 80\ntsl: null\n');
  t.match(
    said(() => role({ folder, vars, tasks: () => [] })().resolve([])),
    /defaults\.yml:2:1: web has no variable "tsl"; did you mean "tls"\?/,
  );
});

t.test('generated secrets are made once and only their owner reads them', async (t) => {
  const file = `${t.testdir()}/s/one.json`;
  const first = reveal(secretStore(file)('mysql'));
  t.match(first, /^[\w-]{32}$/);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(reveal(secretStore(file)('mysql')), first);
  t.not(reveal(secretStore(file)('redis')), first);
  t.equal(Object.keys(JSON.parse(readFileSync(file, 'utf8'))).join(), 'mysql,redis');
  writeFileSync(file, 'x');
  t.match(
    said(() => secretStore(file)('mysql')),
    /is not JSON any more/,
  );
});

t.test('the command line', async (t) => {
  t.match(
    parseArguments([
      'approach_0',
      '--check',
      '-D',
      '-t',
      'a,b',
      '-t',
      'c',
      '-e',
      'x=1',
      '-e',
      'y=2',
      '-f',
      '3',
    ]),
    {
      approach: 'approach_0',
      check: true,
      diff: true,
      tags: ['a', 'b', 'c'],
      extraVars: ['x=1', 'y=2'],
      forks: 3,
      limit: 'all',
      image: 'auto',
    },
  );
  t.match(
    said(() => parseArguments(['--chekc'])),
    /unknown option '--chekc'; did you mean --check\?/,
  );
  t.match(
    said(() => parseArguments(['a', '--provider', 'quemu'])),
    /quemu.*qemu, vagrant, static/,
  );
  t.match(
    said(() => parseArguments(['a', '-f', 'x'])),
    /--forks: expected a whole number of 1 or more, found "x"/,
  );
  t.match(
    said(() => parseArguments(['a', 'b'])),
    /too many arguments/,
  );
});
