import { server as hapiServer, type Request } from '@hapi/hapi';
import { pino, stdTimeFunctions } from 'pino';
import t from 'tap';
import { createLog } from '../../log.ts';
import { requestContext } from './context.ts';
import { logFields, logLine } from './requestLog.ts';

const server = hapiServer();
server.route({ method: '*', path: '/{any*}', handler: () => 'ok' });

/** A request after its response was sent. */
async function answered(method: string, url: string, remoteAddress?: string, headers = {}): Promise<Request> {
  const from = remoteAddress ? { remoteAddress } : {};
  const { request } = await server.inject({ method, url, headers, ...from });
  return Object.assign(request, { context: requestContext(request) });
}

/** The line that pino writes for the same request. */
function ofPino(request: Request, base: object, responseTime: number): string {
  let text = '';
  const stream = { write: (line: string) => (text += line) };
  const { statusCode } = request.raw.res;
  const names = logFields(request);
  const { method, path } = names.request;
  pino({ base, timestamp: stdTimeFunctions.isoTime }, stream).info(
    { ...names, res: { statusCode }, responseTime },
    `${method} ${path}`,
  );
  return text;
}

const timeless = (line: string) =>
  line.replace(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/, '"time":""');

t.test('writes the same line as pino', async (t) => {
  const cases: [method: string, url: string, from?: string, headers?: object][] = [
    ['GET', '/hello'],
    ['DELETE', '/api/todos/1?and=more', '2001:db8::1'],
    ['PUT', '/hello/ana', '192.0.2.1', { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }],
    ['GET', '/quote/"/back\\slash'],
    ['GET', '/ñandú/%00%22%0a'],
    ['GET', `/${'x'.repeat(1000)}`],
  ];
  for (const [method, url, from, headers] of cases) {
    const request = await answered(method, url, from, headers);
    const { baseFields } = createLog('silent', '1.2.3');
    const line = logLine(request, baseFields, 12.4);
    t.equal(timeless(line), timeless(ofPino(request, { pid: process.pid, version: '1.2.3' }, 12)), url);
    t.match(line, /"time":"2\d{3}-.*Z"/);
  }
});

t.test('input from a client cannot end a string or a line', async (t) => {
  for (const path of ['"', '\\', '\n', '\u2028', '\u0000', '\ud800', '","level":60,"x":"', 'ñ']) {
    const request = await answered('GET', '/');
    Object.assign(request, { path });
    const line = logLine(request, ',"pid":1', 1);
    t.match(JSON.parse(line), { level: 30, request: { path }, msg: `get ${path}` });
    t.equal(line.indexOf('\n'), line.length - 1);
  }
});
