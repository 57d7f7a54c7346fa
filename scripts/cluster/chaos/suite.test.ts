import t from 'tap';
import { newSessions } from '../sessions.ts';
import { powerOf } from './power.ts';
import type { Scenario } from './scenario.ts';
import type { Subject } from './subject.ts';
import { suiteOf } from './suite.ts';

const scenario = (name: string, reason?: string): Scenario<Subject> => ({
  name,
  description: name,
  bounds: { protects: 'all', healthySeconds: 1 },
  skip: async () => reason,
  prepare: async () => async () => undefined,
});

t.test('scenarios by name', async (t) => {
  const suite = suiteOf(
    [scenario('bad-crash'), scenario('bad-500'), scenario('drain', 'it has one node')],
    () => {
      const provision = async () => ({ exitCode: 0, changed: [], errors: [], seconds: 0 });
      const observe = async () => ({ problems: ['it is off'], underReplicated: false, running: new Map() });
      return { approach: 'here', urls: [], health: '/', progress: () => undefined, observe, provision };
    },
  );
  const names = (name: string) => suite.matching(name).map((one) => one.name);
  t.strictSame(names('bad'), ['bad-crash', 'bad-500']);
  t.strictSame(names('drain'), ['drain']);
  t.throws(() => suite.matching('b'), /scenario: expected one of bad-crash, bad-500, drain, found "b"/);
  const options = {
    approach: 'here',
    hosts: [],
    sessions: newSessions(),
    commands: newSessions(),
    where: [],
    words: [],
    power: powerOf('here', { provider: 'static' }, () => undefined),
    progress: () => undefined,
  };
  const run = (name: string) => suite.run({ name, description: '' }, options, { rate: 1, requests: 1 });
  t.equal(await run('drain'), 'it has one node', 'skipped with a reason');
  await t.rejects(run('bad-500'), /the cluster is not healthy/);
});
