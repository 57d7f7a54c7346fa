import t from 'tap';
import { parseNodes } from '../nodes.ts';
import { type Found, readFound } from './found.ts';
import { compare, goneOf, planReboots, planUpgrade, type Situation } from './rules.ts';

/** Nodes with these versions, all ready but some. */
const list = (versions: Readonly<Record<string, string>>, unready: readonly string[] = []) =>
  parseNodes(
    Object.entries(versions)
      .map(
        ([name, version]) =>
          `${name}|${unready.includes(name) ? 'Unknown' : 'True'}|<no value>|v${version}\n`,
      )
      .join(''),
  );
const host = (name: string, kubelet: string, more: Partial<Found> = {}): Found => ({
  host: name,
  kubelet,
  api: '',
  interrupted: '',
  reboot: false,
  nodes: [],
  ...more,
});
const plane = (name: string, version: string, more: Partial<Found> = {}) =>
  host(name, version, { api: version, ...more });

/** All hosts have the versions of their nodes, and the first control plane knows the nodes. */
function situation(wanted: string, nodes: ReturnType<typeof list>, planes: readonly string[]): Situation {
  const found = nodes.map(({ name, version }) =>
    planes.includes(name) ? plane(name, version, name === planes[0] ? { nodes } : {}) : host(name, version),
  );
  return { wanted, hosts: nodes.map(({ name }) => name), controlPlanes: planes, found };
}
const three = (wanted: string, versions = { cp: '1.36.1', w1: '1.36.1', w2: '1.36.1' }) =>
  situation(wanted, list(versions), ['cp']);
const turns = (given: Situation) => planUpgrade(given).turns.map(({ host, does }) => `${does} ${host}`);

t.test('the order of an upgrade', async (t) => {
  const five = { a: '1.36.1', b: '1.36.1', c: '1.36.1', w1: '1.36.1', w2: '1.36.1' };
  const table: [string, Situation, string[]][] = [
    ['nothing to do', three('1.36.1'), []],
    ['no cluster yet', { ...three('1.36.1'), found: [host('cp', '')] }, []],
    [
      'one control plane, two workers',
      three('1.36.3'),
      ['apply cp', 'kubelet cp', 'prepare w1', 'kubelet w1', 'prepare w2', 'kubelet w2'],
    ],
    [
      'three control planes: all API servers before any kubelet',
      situation('1.36.3', list(five), ['b', 'a', 'c']),
      [
        ...['apply b', 'node a', 'node c', 'kubelet b', 'kubelet a', 'kubelet c'],
        ...['prepare w1', 'kubelet w1', 'prepare w2', 'kubelet w2'],
      ],
    ],
    [
      'one worker is left over',
      three('1.36.3', { cp: '1.36.3', w1: '1.36.3', w2: '1.36.1' }),
      ['prepare w2', 'kubelet w2'],
    ],
  ];
  for (const [what, given, wanted] of table) t.strictSame(turns(given), wanted, what);
  t.equal(planUpgrade(three('1.36.3')).minor, false);
  t.equal(planUpgrade(three('1.37.0')).minor, true);
});

t.test('an interrupted upgrade continues where it was', async (t) => {
  const nodes = list({ cp: '1.36.1', w1: '1.36.1' }, ['w1']);
  const given = (found: Found[]): Situation => ({
    wanted: '1.36.3',
    hosts: ['cp', 'w1'],
    controlPlanes: ['cp'],
    found,
  });
  t.strictSame(
    turns(
      given([plane('cp', '1.36.1', { api: '1.36.3', interrupted: 'apply', nodes: list({ cp: '1.36.1' }) })]),
    ),
    ['apply cp', 'kubelet cp'],
    'kubeadm had replaced the API server, but not completed',
  );
  t.strictSame(
    turns(given([plane('cp', '1.36.1', { api: '1.36.3', nodes }), host('w1', '1.36.3')])),
    ['kubelet cp', 'prepare w1', 'kubelet w1'],
    'the kubelet of w1 is installed, but not restarted or not ready',
  );
  const done = { a: '1.36.1', b: '1.36.1' };
  const two = situation('1.36.3', list(done), ['a', 'b']);
  const [a, b] = two.found as [Found, Found];
  t.strictSame(turns({ ...two, found: [{ ...a, api: '1.36.3' }, b] }), ['node b', 'kubelet a', 'kubelet b']);
  const again = { ...b, api: '1.36.3', interrupted: 'node' } as const;
  t.strictSame(turns({ ...two, found: [{ ...a, api: '1.36.3' }, again] })[0], 'node b');
});

/** An error with this advice. */
const matching = (todo: RegExp) => Object.assign(new Error(), { parts: { todo } });

t.test('what is refused, before anything changes', async (t) => {
  const without = (given: Situation, ...names: string[]) => ({
    ...given,
    found: given.found.filter(({ host }) => !names.includes(host)),
  });
  const nodes = list({ cp: '1.36.1', w1: '1.36.1', w2: '1.36.1' }, ['w2']);
  const table: [string, Situation, RegExp][] = [
    ['a downgrade', three('1.36.0'), /runs Kubernetes 1\.36\.1, and cannot go back to 1\.36\.0/],
    [
      'a downgrade of a part',
      three('1.36.3', { cp: '1.36.3', w1: '1.36.3', w2: '1.36.4' }),
      /runs Kubernetes 1\.36\.4, and cannot go back/,
    ],
    [
      'a skipped minor version',
      three('1.38.0'),
      /runs Kubernetes 1\.36\.1, and 1\.38\.0 would skip a minor version/,
    ],
    [
      'a kubelet that is newer than the API server',
      three('1.37.0', { cp: '1.36.1', w1: '1.37.0', w2: '1.36.1' }),
      /w1: its kubelet is 1\.37\.0, which is newer than an API server/,
    ],
    ['a node that is not ready', situation('1.36.3', nodes, ['cp']), /w2: not ready/],
    [
      'a node whose machine has been replaced',
      {
        ...situation('1.36.3', nodes, ['cp']),
        found: [plane('cp', '1.36.1', { nodes }), host('w1', '1.36.1'), host('w2', '')],
      },
      /w2: not ready/,
    ],
    [
      'a control plane without an API server',
      { ...three('1.36.3'), found: [host('cp', '1.36.1', { nodes: list({ cp: '1.36.1' }) })] },
      /does not reach a control plane that answers/,
    ],
    ['a control plane out of reach', without(three('1.36.3'), 'cp'), /does not reach a control plane/],
    [
      'one of three control planes out of reach',
      without(situation('1.36.3', list({ a: '1.36.1', b: '1.36.1', c: '1.36.1' }), ['a', 'b', 'c']), 'c'),
      /does not reach c/,
    ],
  ];
  for (const [what, given, error] of table) t.throws(() => planUpgrade(given), { message: error }, what);
  t.throws(
    () => planUpgrade(three('1.38.0')),
    matching(/upgrade to 1\.37 first: -e kubernetes\.version=1\.37\.N/),
  );
  t.strictSame(
    planUpgrade(without(three('1.36.3'), 'w2')).left,
    ['w2'],
    'a worker out of reach is left as it is',
  );
  const fewer = { ...situation('1.36.3', nodes, ['cp']), hosts: ['cp', 'w1'] };
  t.strictSame(goneOf(fewer), ['w2'], 'a dead node whose host is no longer listed is removed first');
  t.strictSame(planUpgrade(fewer).left, []);
});

t.test('versions are compared as numbers', async (t) => {
  t.strictSame(['1.36.10', '1.36.9', '1.4.1'].sort(compare), ['1.4.1', '1.36.9', '1.36.10']);
});

t.test('what a host tells', async (t) => {
  t.match(readFound('a', 'api \n'), { kubelet: '', api: '', interrupted: '', reboot: false, nodes: [] });
  t.match(
    readFound(
      'a',
      'reboot\nkubelet 1.36.1-1.1\napi 1.36.1\ninterrupted apply\n--- nodes\na|True|true|v1.36.1\n',
    ),
    {
      kubelet: '1.36.1',
      api: '1.36.1',
      interrupted: 'apply',
      reboot: true,
      nodes: [{ name: 'a', version: '1.36.1', cordoned: true }],
    },
  );
});

t.test('the order of reboots', async (t) => {
  const all = { a: '1.36.3', b: '1.36.3', c: '1.36.3', w1: '1.36.3', w2: '1.36.3' };
  const given = (unready: readonly string[] = []) => situation('1.36.3', list(all, unready), ['a', 'b', 'c']);
  const due = ['a', 'b', 'w1', 'w2'];
  t.strictSame(planReboots(given(), []), []);
  t.strictSame(planReboots(given(['c']), []), [], 'nothing reboots');
  t.strictSame(planReboots(given(), due), ['w1', 'w2', 'a', 'b'], 'a kernel must first boot on a worker');
  t.strictSame(planReboots(given(['b']), due), ['b', 'w1', 'w2', 'a'], 'nothing gets worse by this reboot');
  t.throws(() => planReboots(given(['c']), due), /c: not ready, so no reboot of a, b, w1, w2 begins/);
  t.throws(
    () => planReboots({ ...given(), found: [host('w1', '1.36.3')] }, ['w1']),
    /w1: cannot be drained before the reboot, because the run reaches no control plane/,
  );
});
