import t from 'tap';
import { judge } from './judge.ts';
import { targetsOf } from './operations.ts';
import type { Shot } from './shots.ts';
import { type Exchange, parseResponses } from './wire.ts';

const [target] = targetsOf({
  paths: {
    '/count': {
      get: {
        operationId: 'count',
        tags: [],
        summary: '',
        responses: {
          200: {
            description: '',
            content: {
              'application/json': {
                schema: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] },
              },
            },
          },
          404: { description: '' },
        },
      },
    },
  },
});
const shot = { kind: 'values', bytes: Buffer.alloc(0), requests: 1, whole: true } as const;

/** The problems in the bytes that came over the wire. */
function verdict(wire: string, more: Partial<Shot & Exchange> = {}): string {
  const exchanged = { ...parseResponses(Buffer.from(wire)), hung: false, ...more };
  return judge({ ...shot, ...more }, exchanged).join('; ');
}

const answer = (status: number, type: string, body: string, more = 'x-content-type-options: nosniff\r\n') =>
  `HTTP/1.1 ${status} Words\r\ncontent-type: ${type}\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
const [json, page] = ['application/json; charset=utf-8', 'text/html; charset=utf-8'];
const asked = target ? { target } : {};

t.test('accepts correct responses', async (t) => {
  for (const [wire, more] of [
    [answer(200, json, '{"count":1}'), asked],
    [answer(404, json, '{}'), asked],
    [answer(400, json, '{}'), asked],
    [answer(200, json, '{"title":"<script>xmarkq</script>"}'), {}],
    [answer(200, page, '<p>&lt;script&gt;xmarkq&lt;/script&gt; <a title="&quot; onfocus=xmarkq">'), {}],
    [
      'HTTP/1.1 200 OK\r\nx-content-type-options: nosniff\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      {},
    ],
    [answer(200, json, '{}') + answer(204, json, ''), { requests: 2 }],
    [answer(200, json, '{}').slice(0, -1), { whole: false }],
    ['', { whole: false }],
  ] as const)
    t.equal(verdict(wire, more), '', wire);
});

t.test('reports incorrect responses', async (t) => {
  for (const [wire, more, problem] of [
    [answer(500, json, '{}'), {}, '500: {}'],
    [answer(503, json, '{}'), { whole: false }, '503'],
    [answer(201, json, '{}'), asked, '201 is not documented'],
    [answer(200, json, '{"count":"1"}'), asked, 'does not match its schema'],
    [answer(200, page, '{"count":1}'), asked, 'text/html; charset=utf-8 is not documented'],
    [answer(200, page, '<p><script>xmarkq</script>'), {}, 'hostile markup in a page'],
    [answer(404, page, 'no <img src=x onerror=xmarkq>'), {}, 'hostile markup in a page'],
    [answer(200, page, '<input value="" onfocus="xmarkq" x="">'), {}, 'hostile markup in a page'],
    [answer(200, page, '<a href="javascript:xmarkq">'), {}, 'hostile markup in a page'],
    [answer(400, json, '{}', ''), {}, 'a body without nosniff'],
    [answer(200, json, '{}', 'X-Injected: xmarkq\r\n'), {}, 'injected header'],
    [answer(400, json, '"ER_PARSE_ERROR"'), {}, 'internal details'],
    ['', {}, '0 responses to 1'],
    [answer(200, json, '{}'), { requests: 2 }, '1 responses to 2'],
    [answer(200, json, '{}').slice(0, -1), {}, 'not a response'],
    [answer(200, json, '{}'), { hung: true }, 'the connection was not closed'],
  ] as const)
    t.match(verdict(wire, more), problem, wire);
});
