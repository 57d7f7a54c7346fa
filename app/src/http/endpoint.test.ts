import { server as hapiServer } from '@hapi/hapi';
import t from 'tap';
import { z } from 'zod';
import { endpoint } from './endpoint.ts';

const server = hapiServer();
const word = z.string().regex(/^[a-z]+$/, 'expected letters');
server.route(
  endpoint({
    method: 'POST',
    path: '/things/{name}',
    service: 'operations',
    summary: 'For this test',
    params: z.strictObject({ name: word }),
    query: z.strictObject({ number: z.coerce.number('expected a number').int().optional() }),
    body: z.strictObject({ title: word, tags: z.array(word).optional() }),
    responses: { 200: { description: 'The parsed input' } },
    handle: ({ params, query, body }) => ({ params, query, body }),
  }).route,
);
server.route(
  endpoint({
    method: 'GET',
    path: '/own/{name}',
    service: 'operations',
    summary: 'Handles invalid input itself',
    params: z.strictObject({ name: word }),
    responses: { 200: { description: 'The name' } },
    onInvalid: (problems, { h }) => h.response({ mine: problems }).code(422),
    handle: ({ params }) => params.name,
  }).route,
);

const json = { 'content-type': 'application/json' };
const post = (url: string, payload: string | object, headers: Record<string, string> = json) =>
  server.inject({ method: 'POST', url, payload, headers });

t.test('the handler gets validated and typed input', async (t) => {
  const { statusCode, payload } = await post('/things/chair?number=3', { title: 'wood', tags: ['a'] });
  t.equal(statusCode, 200);
  t.strictSame(JSON.parse(payload), {
    params: { name: 'chair' },
    query: { number: 3 },
    body: { title: 'wood', tags: ['a'] },
  });
});

t.test('reports all problems at once', async (t) => {
  const cases: [string, string | object, string[]][] = [
    ['/things/CHAIR', { title: 'wood' }, ['path.name: expected letters']],
    ['/things/chair?number=x', { title: 'wood' }, ['query.number: expected a number']],
    ['/things/chair?more=1', { title: 'wood' }, ['query: unknown key: more']],
    ['/things/chair?number=1&number=2', { title: 'wood' }, ['query.number: expected a number']],
    ['/things/chair', {}, ['body.title: missing, expected a string']],
    ['/things/chair', '', ['body.title: missing, expected a string']],
    ['/things/chair', '[]', ['body: expected an object']],
    ['/things/chair', '"x"', ['body: expected an object']],
    ['/things/chair', { title: 1, tags: ['a', 'B'] }, ['body.title:', 'body.tags.1: expected letters']],
    ['/things/1', { title: '2' }, ['path.name: expected letters', 'body.title: expected letters']],
  ];
  for (const [url, body, expected] of cases) {
    const { statusCode, payload } = await post(url, body);
    const { error, message, problems } = JSON.parse(payload);
    t.strictSame([statusCode, error], [400, 'Bad Request'], url);
    t.equal(problems.length, expected.length, message);
    for (const problem of expected) t.match(message, problem);
    t.strictSame(
      message,
      problems
        .map((problem: { path: string; message: string }) => `${problem.path}: ${problem.message}`)
        .join('; '),
    );
  }
});

t.test('rejects malformed JSON, large bodies and other media types', async (t) => {
  const cases: [string, string, number][] = [
    ['application/json', '{', 400],
    ['application/json', '{"title":"a","__proto__":{"x":1}}', 400],
    ['application/json', JSON.stringify({ title: 'a'.repeat(40_000) }), 413],
    ['application/x-www-form-urlencoded', 'title=a', 415],
    ['text/plain', '{"title":"a"}', 415],
    ['multipart/form-data; boundary=x', '--x--', 415],
  ];
  for (const [type, payload, expected] of cases)
    t.equal(
      (await post('/things/chair', payload, { 'content-type': type })).statusCode,
      expected,
      payload.slice(0, 40),
    );
});

t.test('an endpoint can handle invalid input itself', async (t) => {
  const { statusCode, payload } = await server.inject('/own/1');
  t.equal(statusCode, 422);
  t.strictSame(JSON.parse(payload), { mine: [{ path: 'path.name', message: 'expected letters' }] });
});
