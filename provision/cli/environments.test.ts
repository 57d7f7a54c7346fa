import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { explain } from '../errors.ts';
import { cli, refuses } from '../testing/cli.ts';
import { ROOT } from './approaches.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { decide } from './decide.ts';

t.setTimeout(60_000);

/** What the words ask for, as decided before anything is contacted. */
const decided = async (words: readonly string[]) =>
  await decide({ ...(parseArguments([...words, '--provider', 'qemu']) as Arguments), yes: true });

t.test('environments: deploy, promote, and one of them for everything else', async (t) => {
  const table: [string[], RegExp][] = [
    [
      ['deploy', 'approach_4'],
      /no environment was named \(environments: staging, production\)\n.*approach_4 staging/,
    ],
    [['deploy'], /no approach was named .*\n.*npm run deploy -- approach_4 staging/],
    [['promote'], /no approach was named .*\n.*npm run promote -- approach_4/],
    [
      ['deploy', 'approach_9', 'staging'],
      /no approach "approach_9".*\n.*npm run deploy -- approach_4 staging/,
    ],
    [
      ['deploy', 'approach_4', 'stagin'],
      /environment: expected one of staging, production, found "stagin"; did you mean "staging"\?/,
    ],
    [['deploy', 'approach_4', 'staging', 'x'], /unexpected argument "x": only one environment can be named/],
    [
      ['deploy', 'approach_4', 'staging', '--limit', 'x'],
      /no option "--limit"; .*\n.*npm run deploy -- --help/,
    ],
    [
      ['deploy', 'approach_2', 'staging'],
      /approach_2: this approach has no environments\n.*npm run provision -- approach_2/,
    ],
    [
      ['deploy', 'approach_4', 'staging', '-e', 'environment=staging'],
      /-e environment: npm run deploy takes the environment as a word\n.*approach_4 staging/,
    ],
    [['promote', 'approach_4', 'staging'], /unexpected argument "staging"/],
    [['promote', 'approach_0'], /approach_0: this approach has no environments/],
    [
      ['promote', 'approach_4', '-e', 'environment=staging'],
      /-e environment: a promotion goes from staging to production\n.*leave this variable out/,
    ],
    [
      ['approach_4', '--rollback'],
      /--rollback: no environment was named .*\n.*-e environment=staging or -e environment=production/,
    ],
    [
      ['approach_4', '-e', 'environment=test'],
      /-e environment: expected one of staging, production, found "test"/,
    ],
    [['approach_4', '-e', 'environment=1'], /expected one of staging, production, found "1"/],
    [
      ['approach_4', '--decommission', '-e', 'environment=staging'],
      /-e environment: --decommission removes everything/,
    ],
    [['approach_2', '-e', 'environment=staging'], /-e environment: no role has a variable "environment"/],
    [['approach_4', '-e', 'theapp.environment=staging'], /theapp\.environment: this variable cannot be set/],
    [['deploy', 'approach_4', 'staging', '-e', 'theapp.ready_secnds=1'], /did you mean "ready_seconds"\?/],
  ];
  for (const [args, wanted] of table) {
    const error = await decided(args).then(() => 'nothing is wrong', explain);
    t.match(error, wanted, args.join(' '));
  }
});

t.test('which roles are applied, in which environments', async (t) => {
  const lists: [words: string, roles: string[], environments: string[]][] = [
    ['deploy approach_4 staging -e kubernetes.volumes=1', ['image', 'theapp', 'retention'], ['staging']],
    ['deploy approach_4 production', ['image', 'theapp', 'retention'], ['production']],
    ['promote approach_4', ['theapp'], ['production']],
    ['approach_4 --rollback -e environment=production', ['theapp'], ['production']],
  ];
  for (const [words, roles, environments] of lists) {
    const { applied, approach, verifies } = await decided(words.split(' '));
    const names = applied.flatMap(({ calls }) => calls.map(({ role }) => role));
    t.strictSame([names, approach.environments, verifies], [roles, environments, true], words);
  }
  const releases = async (...words: string[]) => {
    const { applied } = await decided(['approach_4', ...words]);
    const calls = applied.flatMap((one) => one.calls).filter(({ role }) => role === 'theapp');
    return calls.map((call) => call.resolve([]).vars.environment);
  };
  t.strictSame(await releases(), ['staging', 'production']);
  t.strictSame(await releases('-e', 'environment=staging'), ['staging']);
});

t.test('half of the secrets: refused before a machine is contacted', async (t) => {
  const name = `half-${process.pid}`;
  const folder = t.testdir({
    [name]: { 'machines.yml': 'machines: { vm: {} }\n', 'index.ts': usesSecrets },
    'hosts.yml': 'hosts: { vm: { address: 127.0.0.1, port: 1 } }\n',
  });
  const file = join(folder, name, 'secrets/staging.age');
  const shown = `.secrets/${name}-staging.key`;
  const key = join(ROOT, shown);
  t.teardown(() => rmSync(key, { force: true }));
  const words = [join(folder, name), '--inventory', join(folder, 'hosts.yml')];
  t.match(await cli(...words), { exitCode: 0 }, 'the first run generates both');
  const encrypted = readFileSync(file);
  rmSync(file);
  const alone = new RegExp(
    `the encrypted secrets of staging are missing, although their key .*\\n.*delete ${shown}`,
  );
  await refuses(t, [
    ['a key without its file', words, alone],
    ['the same in a dry run', [...words, '--check'], alone],
  ]);
  t.notOk(existsSync(file), 'nothing was generated');
  t.match(await cli(...words, '--list'), { exitCode: 0 }, 'a list needs no secrets');
  writeFileSync(file, encrypted);
  t.match(await cli(...words), { exitCode: 0 });
  rmSync(key);
  await refuses(t, [
    ['a file without its key', words, new RegExp(`the key ${shown} is missing\\n.*save it as ${shown}`)],
  ]);
});

t.test('only a provisioning run creates machines', async (t) => {
  const name = `unborn-${process.pid}`;
  const folder = t.testdir({
    [name]: { 'machines.yml': 'machines: { vm: {} }\n', 'index.ts': usesSecrets },
    single: {
      'machines.yml': 'machines: { vm: {} }\n',
      'index.ts': usesSecrets.replace(/\['staging', .*\]/, '[]'),
    },
  });
  const wanted = (what: string, approach: string) =>
    new RegExp(`${what}: its machines do not exist\n.*npm run provision -- ${approach}$`, 'm');
  const [several, single] = [join(folder, name), join(folder, 'single')];
  const table: [words: string[], what: RegExp][] = [
    [['deploy', several, 'staging'], wanted('there is no cluster yet', name)],
    [['promote', several, '--yes'], wanted('there is no cluster yet', name)],
    [[several, '--rollback', '-e', 'environment=staging'], wanted('there is no cluster yet', name)],
    [[several, '--verify'], wanted('there is no cluster yet', name)],
    [[single, '--rollback'], wanted('nothing is installed yet', 'single')],
    [[single, '--decommission'], wanted('nothing is installed yet', 'single')],
  ];
  for (const provider of ['qemu', 'docker'])
    for (const [words, stderr] of table)
      t.match(await cli(...words, '--provider', provider), { exitCode: 1, stderr }, `${words} ${provider}`);
});

/** The code of an approach that reads secrets, but contacts no host. */
const usesSecrets = `export default {
  groups: [],
  environments: ['staging', 'production'],
  provision: async ({ secrets }) => void (await secrets('staging', ['mysql'])),
  deploy: async () => undefined,
  promote: async () => undefined,
  rollback: async () => undefined,
  verify: async () => undefined,
  decommission: async () => undefined,
  urls: () => [],
};
`;

t.test('a question that nobody can answer, and the help', async (t) => {
  for (const words of ['deploy approach_4 production', 'promote approach_4']) {
    const [command = '', ...more] = words.split(' ');
    const { exitCode, stderr } = await cli(command, ...more, '--provider', 'qemu');
    const wanted = new RegExp(`npm run ${command}: needs a terminal to ask .*\\n.*--yes`);
    t.match({ exitCode, stderr }, { exitCode: 3, stderr: wanted }, words);
    const help = await cli(command, '--help');
    t.match(help, { exitCode: 0, stdout: new RegExp(`^Usage: npm run ${command} -- <approach>`) });
  }
});
