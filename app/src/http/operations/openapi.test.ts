import t from 'tap';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { openapi } from './openapi.ts';

const put = endpoint({
  method: 'PUT',
  path: '/hello/{username}',
  service: 'birthdays',
  summary: 'Stores a birthday',
  params: z.strictObject({ username: z.string().max(64).describe('letters') }),
  query: z.strictObject({ tz: z.string().optional() }),
  body: z.strictObject({ born: z.string().transform(Number) }),
  responses: {
    200: { description: 'Stored', schema: z.object({ ok: z.boolean() }) },
    204: { description: 'Nothing' },
  },
  handle: () => ({}),
});

t.test('documents an endpoint by its validation schemas', async (t) => {
  const { paths, openapi: version, info } = openapi([put], '1.2.3');
  t.equal(version, '3.1.0');
  t.equal(info.version, '1.2.3');
  const operation = paths['/hello/{username}']?.put;
  t.equal(operation?.operationId, 'putHelloUsername');
  t.strictSame(operation?.parameters, [
    {
      name: 'username',
      in: 'path',
      required: true,
      description: 'letters',
      schema: { type: 'string', maxLength: 64 },
    },
    { name: 'tz', in: 'query', required: false, schema: { type: 'string' } },
  ]);
  t.strictSame(operation?.requestBody?.content['application/json']?.schema, {
    type: 'object',
    properties: { born: { type: 'string' } },
    required: ['born'],
    additionalProperties: false,
  });
  t.strictSame(Object.keys(operation?.responses ?? {}), ['200', '204']);
  t.strictSame(operation?.responses['204'], { description: 'Nothing' });
});

t.test('one path, many methods', async (t) => {
  const get = { ...put, method: 'GET' as const };
  t.strictSame(Object.keys(openapi([put, get], '1').paths['/hello/{username}'] ?? {}), ['put', 'get']);
});
