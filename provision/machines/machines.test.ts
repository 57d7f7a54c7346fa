import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadMachines } from './machines.ts';

const folder = t.testdir({});
const load = (text: string) => {
  writeFileSync(join(folder, 'machines.yml'), text);
  return loadMachines(folder);
};

t.test('defaults', async (t) => {
  t.strictSame(load('machines: { vm: {} }').vm, { memory: 1024, cpus: 2, disk: 10, groups: [], forward: {} });
  t.strictSame(load('machines: { vm: { forward: { 8080: 80 } } }').vm?.forward, { 8080: 80 });
});

const bad: [name: string, text: string, message: RegExp][] = [
  ['no machines', 'machines: {}', /:1:1: machines: expected at least one machine$/],
  ['an upper-case name', 'machines: { Bad: {} }', /:1:13: machines\.Bad: expected a lower-case name/],
  [
    'a port that is not a number',
    'machines: { a: { forward: { x: 80 } } }',
    /:1:29: machines\.a\.forward\.x: expected a port$/,
  ],
  ['a port out of range', 'machines: { a: { forward: { 99999: 80 } } }', /forward\.99999: expected a port$/],
  [
    'a guest port out of range',
    'machines: { a: { forward: { 80: 0 } } }',
    /forward\.80: expected at least 1/,
  ],
  ['too little memory', 'machines: { a: { memory: 64 } }', /machines\.a\.memory: expected at least 256/],
  ['an unknown key', 'machines: { a: { cpu: 1 } }', /machines\.a\.cpu: unknown key; did you mean "cpus"\?/],
  [
    'a box without a name',
    'machines: { a: { box: { version: "1" } } }',
    /:1:18: machines\.a\.box\.name: missing, expected a string$/,
  ],
  [
    'an invalid checksum',
    'machines: { a: { box: { name: b, checksum: 12 } } }',
    /machines\.a\.box\.checksum: expected/,
  ],
  [
    'an invalid address',
    'machines: { a: { address: 10.0.0 } }',
    /:1:18: machines\.a\.address: expected .*"10\.0\.0"$/,
  ],
];
for (const [name, text, message] of bad) {
  t.test(name, async (t) => {
    t.throws(() => load(text), { kind: 'input', message });
  });
}
