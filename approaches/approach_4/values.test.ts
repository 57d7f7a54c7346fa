import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { chart as folderOf } from './theapp/values.ts';

const CHARTS = ['chart', 'data'] as const;
const read = (chart: (typeof CHARTS)[number], file: string) =>
  readFileSync(join(folderOf(chart), file), 'utf8');

/** A JSON schema, as far as those of the charts use it. */
interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: unknown;
  readonly $defs?: Record<string, Schema>;
}

t.test('values.yaml, and every level of the schema, have the same keys', async (t) => {
  for (const chart of CHARTS) {
    const root: Schema = JSON.parse(read(chart, 'values.schema.json'));
    const compare = (schema: Schema, values: unknown, path: string) => {
      const target = schema.$ref ? root.$defs?.[schema.$ref.replace('#/$defs/', '')] : schema;
      if (path !== '') t.ok(schema.description ?? target?.description, `${chart}: ${path} has a description`);
      if (!target?.properties || path.endsWith('resources') || path.startsWith('limitRange')) return;
      t.equal(target.additionalProperties, false, `${chart}: ${path || 'the root'} is strict`);
      const known = Object.keys(target.properties).sort();
      t.strictSame(Object.keys(values ?? {}).sort(), known, `${chart}: the keys of ${path || 'the root'}`);
      for (const [key, inner] of Object.entries(target.properties))
        compare(inner, (values as Record<string, unknown>)[key], path ? `${path}.${key}` : key);
    };
    compare(root, parse(read(chart, 'values.yaml')), '');
  }
});
