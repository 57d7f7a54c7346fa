import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { chartOf } from './chart.ts';

t.test('a chart is packed with the files that it links to, and without its tests', async (t) => {
  const folder = t.testdir({
    shared: 'the shared file',
    shop: {
      'Chart.yaml': 'name: shop\nversion: 0.1.0\nappVersion: 2\n',
      'shop.test.ts': '',
      files: { link: t.fixture('symlink', '../../shared') },
    },
  });
  const { packed, ...chart } = chartOf(join(folder, 'shop'));
  t.strictSame(chart, { folder: 'shop', name: 'shop', version: '0.1.0', appVersion: '2' });
  const input = Buffer.from(packed, 'base64');
  const names = execFileSync('tar', ['-tz'], { input, encoding: 'utf8' }).trim().split('\n');
  t.strictSame(names.toSorted(), ['shop/', 'shop/Chart.yaml', 'shop/files/', 'shop/files/link']);
  t.equal(execFileSync('tar', ['-xzO', 'shop/files/link'], { input, encoding: 'utf8' }), 'the shared file');
});
