import t from 'tap';
import { cli } from '../testing/cli.ts';

// It starts the command forty times.
t.setTimeout(120_000);

t.test('environments: deploy, promote, and one of them for everything else', async (t) => {
  const table: [string[], RegExp][] = [
    [
      ['deploy', 'approach_4'],
      /no environment was named \(environments: staging, production\)\n.*approach_4 staging/,
    ],
    [['deploy'], /no approach was named/],
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
    [['deploy', 'approach_4', 'production'], /npm run deploy: needs a terminal to ask .*\n.*--yes/],
    [['promote', 'approach_4'], /npm run promote: needs a terminal to ask .*\n.*--yes/],
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
    const { exitCode, stderr, stdout } = await cli(...args);
    t.match({ exitCode, stderr, stdout }, { exitCode: 3, stderr: wanted, stdout: '' }, args.join(' '));
  }
  const roles = async (...args: string[]) => {
    const { exitCode, stdout } = await cli(...args, '--list', '--json', '--provider', 'qemu');
    t.equal(exitCode, 0, args.join(' '));
    return (JSON.parse(stdout).roles as { role: string }[]).map(({ role }) => role);
  };
  t.strictSame(await roles('deploy', 'approach_4', 'staging', '-e', 'kubernetes.volumes=1'), [
    'image',
    'theapp',
  ]);
  t.strictSame(await roles('deploy', 'approach_4', 'production'), ['image', 'theapp'], 'a list asks nothing');
  t.strictSame(await roles('promote', 'approach_4'), ['theapp']);
  t.strictSame(await roles('approach_4', '--rollback', '-e', 'environment=production'), ['theapp']);
  const releases = async (...args: string[]) =>
    (await roles(...args)).filter((role) => role === 'theapp').length;
  t.equal(await releases('approach_4'), 2);
  t.equal(await releases('approach_4', '-e', 'environment=staging'), 1);
  for (const command of ['deploy', 'promote']) {
    const help = await cli(command, '--help');
    t.match(help, { exitCode: 0, stdout: new RegExp(`^Usage: npm run ${command} -- <approach>`) });
  }
});
