import t from 'tap';
import { debian } from '../../../provision/testing.ts';
import { listens, machines, reported } from '../../../testing/preflight.ts';
import { preflight } from './preflight.ts';

t.test('machines that are ready', async (t) => {
  t.strictSame(await reported({}), { errors: '', warnings: [] });
});

t.test('one report has all problems of all machines', async (t) => {
  const { errors } = await reported({
    'control-plane': { facts: { memory: 900, cores: 1 } },
    worker1: { lines: [listens(10250, 'kubelet', 7)], facts: { hostname: 'worker2' } },
  });
  const problems = errors.split('\n').filter((line) => !line.startsWith(' '));
  t.equal(problems.length, 4, errors);
  t.equal(errors.split('\n').length, 8, 'each with what to do');
});

t.test('a machine that is a node already', async (t) => {
  const node = {
    lines: ['node=yes', listens(10250, 'kubelet', 7), 'clock=5'],
    facts: { memory: 100, cores: 1 },
  };
  const twins = { facts: { ...node.facts, hostname: 'x' }, lines: node.lines };
  const all = { 'control-plane': twins, worker1: twins, worker2: twins };
  t.strictSame(await reported(all), { errors: '', warnings: [] });
  t.match(
    await reported({ ...all, worker2: { facts: { hostname: 'x' } } }),
    { errors: /^control-plane, worker1, worker2: have the same hostname, x\n/ },
    'a new machine must differ from those that are',
  );
});

t.test('nothing is known before the first connection', async (t) => {
  const work: Parameters<typeof preflight>[0] = {
    remaining: (of) => of,
    facts: async () => ({ ...debian, memory: 1 }),
    read: async () => '',
    variables: (_, call) => call.resolve([]).vars,
    warn: (message) => {
      throw new Error(message);
    },
  };
  const all = machines({}).map(({ host }) => host);
  await t.resolves(preflight(work, { all, controlPlanes: all }));
});
