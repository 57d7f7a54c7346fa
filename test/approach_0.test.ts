import { execa } from 'execa';
import t from 'tap';
import { answers } from '../testing/answers.ts';
import { createdContainer, dockerMissing, testDocker } from '../testing/fleet.ts';
import { lifetime } from '../testing/lifetime.ts';
import { provisioned, ROOT } from '../testing/machine.ts';

const skip = await dockerMissing();

t.test('the command in the README, on Debian 13', { skip, timeout: 1_800_000 }, async (t) => {
  const docker = await testDocker();
  t.teardown(() => docker.close());
  const words = [
    'run',
    'provision',
    '--',
    'approach_0',
    '--yes',
    '--provider',
    'docker',
    '--image',
    'debian-13',
  ];
  const { exitCode, stdout, stderr } = await execa('npm', words, {
    cwd: ROOT,
    reject: false,
    stdin: 'ignore',
  });
  t.equal(exitCode, 0, `from nothing to verified${exitCode === 0 ? '' : `: ${stderr}`}`);
  t.match(
    stderr,
    /^vm : ok=\d+ changed=\d+ failed=0 unreachable=0 handlers=\d+ {3}\d+ round trips/m,
    'the recap',
  );
  t.match(stderr, /TheAPP answers at http:\/\/127\.0\.0\.1:8080\/\n {2}curl http:\/\/127\.0\.0\.1:8080\/$/);
  t.notMatch(stdout, /✓|~/, 'the report is not on stdout');
  await answers(t, 'http://127.0.0.1:8080/');
  const machine = await createdContainer();
  t.teardown(() => machine.destroy());
  await lifetime(t, machine, (...args) => provisioned('approach_0', '--provider', 'docker', ...args));
});
