import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tablesOfPage } from './page.ts';

const file = join(import.meta.dirname, '../../docs/faults.md');

t.test('docs/faults.md contains the table that the tests check', async (t) => {
  const [, shown] = /<!-- table -->\n([\s\S]*)\n<!-- \/table -->/.exec(readFileSync(file, 'utf8')) ?? [];
  t.equal(shown?.trim(), tablesOfPage());
});
