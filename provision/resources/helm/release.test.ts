import { join } from 'node:path';
import t from 'tap';
import { CHART } from '../../../testing/release.ts';
import { helm } from '../helm.ts';
import type { ReleaseOptions } from './release.ts';

t.test('input', async (t) => {
  const chart = join(t.testdir({ shop: { 'Chart.yaml': CHART }, bad: { 'Chart.yaml': 'name: x' } }), 'shop');
  const bad = (name: string, more: Partial<ReleaseOptions>) => () =>
    helm.release(name, { namespace: 'a', chart, ...more });
  t.throws(bad('Shop', {}), /helm\.release Shop: invalid value "Shop"/);
  t.throws(bad('shop', { namespace: 'a.b' }), /the name of a namespace/);
  t.throws(bad('shop', { timeout: 0 }), /expected a number of seconds, found 0/);
  t.throws(bad('shop', { chart: '/nowhere' }), /Chart\.yaml: the chart cannot be read: ENOENT/);
  t.throws(bad('shop', { chart: join(chart, '../bad') }), /a chart needs a name and a version/);
});
