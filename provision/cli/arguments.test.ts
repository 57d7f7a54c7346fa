import t from 'tap';
import { said } from '../testing/said.ts';
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
    said(() => parseArguments(['--chekc'])),
    /unknown option '--chekc'; did you mean --check\?/,
  );
  t.match(
    said(() => parseArguments(['a', '--provider', 'quemu'])),
    /quemu.*qemu, docker, vagrant, static/,
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
