import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import t from 'tap';
import { readRecording } from './recording.ts';
import { traces } from './traces.ts';

const DEMO = resolve(import.meta.dirname, '../demo.ts');
const PASSWORD = "it's-nobody's-business";

t.setTimeout(180_000);

const inventory = `hosts:
  vm:
    address: 127.0.0.1
    port: 8080
    host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==
    private_address: 127.0.0.1
    groups: [app]
    vars: { redis: { password: "${PASSWORD}" } }
    forward: { 8081: 80 }
`;

const demo = (cwd: string, ...words: string[]) =>
  execa(process.execPath, [DEMO, ...words], { cwd, reject: false, stdin: 'ignore' });

const records = (cwd: string) =>
  demo(cwd, 'record', './approach_0', '--inventory', 'hosts.yml', '--idle', '1');

t.test('a small scene is recorded', async (t) => {
  const scenes = `title: something tiny
scenes:
  - title: A shell
    steps:
      - say: ${'Words '.repeat(30)}
      - run: stty size; echo $TERM; pwd
        shows: ^30 100
      - run: grep password hosts.yml; sleep 3
      - run: left=there &
      - run: here=yes
      - run: echo $here "$PWD/x" é; wait
        shows: yes
  - title: Waiting
    steps:
      - run: for i in $(seq 40); do printf '\\r\\033[Kwaiting %s' $i; sleep 0.1; done; echo
      - run: echo <where> <url:vm> <ssh:vm>
      - run: 'false'
        exit: 1
      - run: ssh -G vm | grep -E '^(port|hostkeyalias) '
        shows: ^port 8080\\nhostkeyalias vm
      - run: echo never
        only: lab
`;
  const folder = t.testdir({ 'hosts.yml': inventory, approach_0: { 'scenes.yml': scenes } });
  const recorded = await records(folder);
  t.equal(recorded.exitCode, 0, recorded.stderr);
  const { about, moments } = readRecording(join(folder, 'approach_0'));
  t.match(about, { COMMIT: /^[0-9a-f]{7}$/, TERM: 'xterm-256color', COLUMNS: '100', LINES: '30' });

  const words = ['--timing', 'timing', '--divisor', '1000000', 'typescript'];
  const { stdout } = await execa('scriptreplay', words, { cwd: join(folder, 'approach_0') });
  const text = stripVTControlCharacters(stdout).replaceAll('\r\n', '\n');
  t.match(text, '# 1. A shell\n# Words');
  t.match(
    text,
    /^\$ stty size; echo \$TERM; pwd\n30 100\nxterm-256color\n~\/theapp$/m,
    'the terminal has the fixed size',
  );
  t.match(text, /^yes ~\/theapp\/x é$/m, 'one shell runs all commands');
  t.match(text, /^ +password: \*{8}$/m, 'a secret is redacted');
  t.notMatch(text, PASSWORD);
  t.match(
    text,
    /^--inventory hosts\.yml http:\/\/127\.0\.0\.1:8081 ssh vm$/m,
    'placeholders are replaced for these machines',
  );
  t.notMatch(text, 'never');
  t.strictSame(traces(readFileSync(join(folder, 'approach_0', 'typescript'), 'utf8')), []);
  t.ok(text.split('\n').every((line) => line.includes('waiting') || line.length <= 100));

  t.ok(
    moments.every(({ delay }) => delay <= 1),
    'no wait exceeds the maximum',
  );
  const counted = moments.filter(({ text }) => text.startsWith('\r\x1b[Kwaiting'));
  t.ok(counted.length > 20, 'every line of a counter is kept');
  t.ok(counted.reduce((sum, { delay }) => sum + delay, 0) <= 1.05, 'and counts as one wait');
  t.ok(moments.filter(({ text }) => text.length === 1).length > 100, 'commands are typed letter by letter');

  t.match(readFileSync(join(folder, 'approach_0', 'demo.svg'), 'utf8'), /^<svg.*something tiny.*<\/svg>\n$/s);
  const played = await demo(folder, 'play', './approach_0', '--speed', '1000');
  t.match(played.stdout, 'xterm-256color');
});

t.test('a recording fails if a command differs from its scene or reveals something', async (t) => {
  const table: [name: string, step: string, said: RegExp][] = [
    ['a wrong exit code', "{ run: 'false' }", /expected exit code 0, found 1/],
    ['wrong output', '{ run: echo one, shows: two }', /expected output that matches two, found:\n +one/],
    ['a trace', '{ run: echo /home/somebody/x }', /reveals this computer.*\/home\/somebody/s],
    ['an address', '{ run: echo 192.0.2.1 }', /reveals this computer.*192\.0\.2\.1/s],
    ['a password', '{ run: echo q7RkP2vX9mLwT4sZ8nYbC3dF6gHjKaUe }', /found q7Rk…$/m],
    ['an unknown machine', '{ run: "<ssh:web>" }', /there is no machine "web"/],
    ['an unknown step', '{ jump: 1 }', /scenes\.yml:1:/],
  ];
  for (const [name, step, said] of table) {
    const scenes = `{ title: t, scenes: [{ title: s, steps: [${step}] }] }`;
    const folder = t.testdir({ 'hosts.yml': inventory, approach_0: { 'scenes.yml': scenes } });
    const { exitCode, stderr } = await records(folder);
    t.ok(exitCode, name);
    t.match(stderr, said, name);
    t.throws(() => statSync(join(folder, 'approach_0', 'typescript')), `${name}: nothing is written`);
  }
});

t.test('unknown words are bad input', async (t) => {
  const folder = t.testdir({});
  t.match(await demo(folder, 'play', 'approach_9'), {
    exitCode: 3,
    stderr: /there is no demo of "approach_9"; did you mean "approach_0"\?/,
  });
  t.match(await demo(folder, 'record', 'approach_0', '--machines', 'clouds'), {
    exitCode: 3,
    stderr: /--machines: expected one of lab, containers, found "clouds"/,
  });
});
