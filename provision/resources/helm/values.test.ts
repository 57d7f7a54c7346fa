import t from 'tap';
import { outcome } from '../../testing/outcome.ts';
import { valuesIn } from './values.ts';

const SCHEMA = JSON.stringify({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  required: ['image'],
  properties: {
    image: {
      type: 'object',
      additionalProperties: false,
      required: ['tag'],
      properties: { repository: { type: 'string' }, tag: { type: 'string' } },
    },
    replicas: { type: 'integer', minimum: 1 },
    quota: { type: 'object', additionalProperties: { type: 'string' } },
  },
});
const DEFAULTS = 'image: { repository: a, tag: "1" }\nreplicas: 2\nquota: { pods: "4" }\n';

t.test('values are checked with the schema of the chart, together with its defaults', async (t) => {
  const table: [name: string, values: string, expected: object | RegExp][] = [
    ['a part of a mapping', 'image: { repository: b }\n', { image: { repository: 'b' } }],
    ['null removes a default', 'quota: { pods: null }\n', { quota: { pods: null } }],
    ['a required default is removed', 'image: { tag: null }\n', /values-x\.yaml:1:10: image\.tag: missing/],
    [
      'a typing error',
      '\nreplica: 3\n',
      /values-x\.yaml:2:1: replica: unknown key; did you mean "replicas"\?/,
    ],
    ['a wrong type', 'replicas: many\n', /values-x\.yaml:1:1: replicas: expected a number, found "many"/],
    [
      'several problems',
      'replicas: 0\nimage:\n  tga: "2"\n',
      /values-x\.yaml:3:3: image\.tga: unknown key; .*\n.*values-x\.yaml:1:1: replicas: expected at least 1, found the number 0/,
    ],
  ];
  for (const [name, values, expected] of table) {
    const chart = t.testdir({
      'values.schema.json': SCHEMA,
      'values.yaml': DEFAULTS,
      'values-x.yaml': values,
    });
    const read = () => valuesIn(chart, `${chart}/values-x.yaml`);
    if (expected instanceof RegExp) t.match(outcome(read), expected, name);
    else t.strictSame(read(), expected, name);
  }
});

t.test('a chart without a schema, and one whose schema is not JSON', async (t) => {
  const files = { 'values.yaml': 'a: 1\n', 'values-x.yaml': 'b: 2\n' };
  const plain = t.testdir(files);
  t.strictSame(valuesIn(plain, `${plain}/values-x.yaml`), { b: 2 });
  const broken = t.testdir({ ...files, 'values.schema.json': '{' });
  t.match(
    outcome(() => void valuesIn(broken, `${broken}/values-x.yaml`)),
    /values\.schema\.json: the schema cannot be read/,
  );
});
