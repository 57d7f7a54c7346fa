import t from 'tap';
import { outcome } from '../testing/outcome.ts';
import { parseArguments } from './arguments.ts';

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
    outcome(() => parseArguments(['--chekc'])),
    /there is no option "--chekc"; did you mean "--check"\?/,
  );
  t.match(
    outcome(() => parseArguments(['a', '--provider', 'quemu'])),
    /--provider: expected one of qemu, docker, vagrant, static, found "quemu"; did you mean "qemu"\?/,
  );
  t.match(
    outcome(() => parseArguments(['a', '-f', 'x'])),
    /--forks: expected a whole number of 1 or more, found "x"/,
  );
  t.match(
    outcome(() => parseArguments(['a', 'b'])),
    /unexpected argument "b": only one approach can be named/,
  );
});
