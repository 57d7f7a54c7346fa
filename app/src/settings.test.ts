import { readFileSync } from 'node:fs';
import t from 'tap';
import { secrets, settings } from './settings.ts';

t.test('the table in README.md matches the schema', async (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)` +\| +(\S+) +\| \S[^|]+\|$/gm)];
  const written = Object.fromEntries(rows.map(([, name, value]) => [name, value?.replaceAll('`', '')]));
  const defaults: Record<string, unknown> = settings.parse({});
  const files = [...secrets].map((name) => `${name}_FILE`);
  const names = [...Object.keys(settings.shape), ...files];
  t.strictSame(written, Object.fromEntries(names.map((name) => [name, text(defaults[name])])));
});

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(({ host, port }) => `${host}:${port}`).join(',');
  return String(value ?? '–');
}
