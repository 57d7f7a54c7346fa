import t from 'tap';
import { outcome } from '../../testing/outcome.ts';
import { decide } from './decision.ts';
import { fieldsThatDiffer } from './objects.ts';
import { type Question, type ReleaseState, releases } from './probe.ts';
import recorded from './recorded.json' with { type: 'json' };

/** The state that a probe has read on a real API server. */
const stateOf = (name: keyof typeof recorded): ReleaseState =>
  releases.read({ code: 0, stdout: recorded[name], stderr: '' }, [{} as Question])[0] as ReleaseState;

/** What is decided, in words, if the chart is shop-0.1.0 and these are its values. */
const words = (state: ReleaseState, values = {}) =>
  outcome(() => decide({ chart: { name: 'shop', version: '0.1.0' }, values }, state)?.summary ?? 'nothing');

t.test('decisions on what a real API server answered', async (t) => {
  const table: [name: keyof typeof recorded, values: object, expected: RegExp][] = [
    ['no cluster', {}, /^'install shop-0\.1\.0'$/],
    ['silent', {}, /^the Kubernetes API does not answer\n.*connection refused\n {2}→ on a control plane/s],
    ['not installed', {}, /^'install shop-0\.1\.0: NetworkPolicy deny, Deployment web, ConfigMap migrate'$/],
    ['same', {}, /^'nothing'$/],
    ['same', { image: null }, /^'nothing'$/],
    ['same', { other: 1 }, /^'upgrade: values other'$/],
    [
      'other values',
      { image: 'nginx:2' },
      /^'upgrade: values image; hook ConfigMap migrate: data\.image; Deployment web: spec\.template\.spec\.containers\[nginx\]\.image'$/,
    ],
    ['refused by the schema', { image: 5 }, /^the chart cannot be rendered .*\n.*got number, want string/s],
    ['refused by the server', {}, /^the API server refuses .*field is immutable.*→ an immutable field/s],
    ['without the policy', {}, /^'upgrade: delete NetworkPolicy deny'$/],
    [
      'changed by hand',
      {},
      /^'undo manual changes: Deployment web \(spec\.replicas, spec\.template\.spec\.containers\[nginx\]\.image\); NetworkPolicy deny \(deleted\)'$/,
    ],
    ['scaled by an autoscaler', {}, /^'nothing'$/],
  ];
  for (const [name, values, expected] of table) t.match(words(stateOf(name), values), expected, name);
});

t.test('revisions that did not end well', async (t) => {
  const same = stateOf('same');
  const table: [status: string, process: number, expected: string][] = [
    ['failed', 0, "'upgrade again: revision 1 failed'"],
    ['uninstalled', 0, "'install again'"],
    ['pending-upgrade', 0, "'recover: revision 1 is pending-upgrade, but nothing works on it'"],
    ['pending-install', 7, "'wait for helm (process 7): revision 1 is pending-install'"],
  ];
  for (const [status, process, expected] of table) {
    const record = { ...same.recorded, status, process } as NonNullable<ReleaseState['recorded']>;
    t.equal(words({ ...same, recorded: record }), expected, status);
  }
  t.match(
    words({ ...same, recorded: { ...same.recorded, chart: 'shop-0.0.9' } as never }),
    /shop-0\.0\.9 → shop-0\.1\.0/,
  );
});

t.test('what differs', async (t) => {
  const item = (name: string, value: number) => ({ name, value });
  const table: [before: unknown, after: unknown, paths: string[]][] = [
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2, b: 3 }, ['a', 'b']],
    [{ a: { b: { c: 1 } } }, { a: { b: { c: 2 } } }, ['a.b.c']],
    [{ a: { b: 1 } }, {}, ['a']],
    [{ a: null, b: {}, c: [], d: { e: null } }, {}, []],
    [{ l: [item('x', 1), item('y', 2)] }, { l: [item('y', 3), item('x', 1)] }, ['l[y].value']],
    [{ l: [item('x', 1)] }, { l: [item('z', 1)] }, ['l[x]', 'l[z]']],
    [{ l: [1, 2] }, { l: [2, 1] }, ['l']],
    [{ l: [item('x', 1), item('x', 2)] }, { l: [] }, ['l']],
    [{ a: { b: 1 } }, { a: 'b' }, ['a']],
  ];
  for (const [before, after, paths] of table)
    t.strictSame(fieldsThatDiffer(before, after), paths, JSON.stringify([before, after]));
});
