import { writeFileSync } from 'node:fs';
import t from 'tap';
import { z } from 'zod';
import { outcome } from '../testing/outcome.ts';
import { loadYaml } from './yaml.ts';

t.test('invalid YAML: one line per problem, with its place', async (t) => {
  const schema = z.strictObject({
    port: z.int().min(1).max(65535),
    name: z.string(),
    tls: z.enum(['none', 'files']).optional(),
    ip: z.ipv4().optional(),
    more: z.record(z.string(), z.string()).optional(),
  });
  const table: [string, string, RegExp][] = [
    ['unknown key', 'port: 80\nname: a\nprot: 81\n', /x\.yml:3:1: prot: unknown key; did you mean "port"\?/],
    ['wrong type', 'port: many\nname: a\n', /x\.yml:1:7?.*port: expected a number, found "many"/],
    ['too big', 'port: 70000\nname: a\n', /port: expected at most 65535, found the number 70000/],
    ['missing', 'port: 1\n', /x\.yml:1:1: name: missing, expected a string/],
    [
      'not one of the values',
      'port: 1\nname: a\ntls: maybe\n',
      /x\.yml:3.*tls: expected one of none, files, found "maybe"/,
    ],
    ['tab', 'port: 1\nname:\n\t- a\n', /x\.yml:3:1: a tab is used for indentation/],
    ['duplicate', 'port: 1\nport: 2\nname: a\n', /x\.yml:2:1: duplicate key/],
    ['syntax', 'port: [1\nname: a\n', /x\.yml:\d+:\d+: not valid YAML/],
    ['a bracket that is not closed', 'name: a\nport: [\n', /not valid YAML: a "\[" is not closed/],
    ['an address', 'port: 1\nname: a\nip: x\n', /ip: expected an IPv4 address, found "x"/],
    ['a mapping', 'port: 1\nname: a\nmore: 1\n', /more: expected a mapping, found the number 1/],
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
      outcome(() => loadYaml(file, schema)),
      wanted,
      what,
    );
  }
  t.match(
    outcome(() => loadYaml(`${file}.no`, schema)),
    /cannot be read: there is no such file/,
  );
  t.match(
    outcome(() => loadYaml(t.testdirName, schema)),
    /cannot be read: it is a directory/,
  );
});
