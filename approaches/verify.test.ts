import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { pages } from './verify.ts';

const views = join(import.meta.dirname, '..', 'app', 'pages');

t.test('verification expects the titles of the pages as they are', async (t) => {
  const texts = globSync('*.hbs', { cwd: views }).map((name) => readFileSync(join(views, name), 'utf8'));
  for (const [path, title] of Object.entries(pages))
    t.ok(
      texts.some((text) => text.includes(`page="${title}"`)),
      `${path}: ${title}`,
    );
});
