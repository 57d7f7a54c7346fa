import type { Request, Server } from '@hapi/hapi';
import type { Log } from '../../log.ts';
import type { ResponseListener } from '../response.ts';

declare module '@hapi/hapi' {
  interface ServerApplicationState {
    log: Log;
  }
}

const probes = new Set(['/livez', '/readyz', '/healthz', '/metrics']);

/** Characters of a path that are worth a line; the maxPathLength that TheAPP answers has some 300. */
const maxPathLength = 400;

/**
 * One line a request, by its id, and one for each defect; probes are left out, they come every few seconds. No
 * header is ever logged, nor the bytes of what is no HTTP.
 */
export function logRequests(server: Server, log: Log): ResponseListener {
  server.app.log = log;
  server.events.on({ name: 'request', channels: 'error' }, (request, { error }) => {
    log.error({ ...logFields(request), err: error }, error instanceof Error ? error.message : 'a defect');
  });
  return (request, milliseconds) => {
    if (!log.isLevelEnabled('info') || probes.has(request.path)) return;
    log.writeLine(logLine(request, log.baseFields, milliseconds));
  };
}

/** What finds the lines of one request, here and in the logs of others. */
export function logFields({ context: { id, trace }, method, path, info }: Request) {
  return {
    requestId: id,
    ...(trace && { traceId: trace.traceId, spanId: trace.spanId }),
    request: { method, path: path.slice(0, maxPathLength), from: info.remoteAddress },
  };
}

/**
 * The line that pino would make of the names, the status and the time, which cost more than any other part of a
 * request; a test holds the two together. Of what stands in it, only path and method are the client's own words.
 */
export function logLine(
  { context: { id, trace }, method, path, info, raw }: Request,
  baseFields: string,
  milliseconds: number,
): string {
  const [verb, target] = [escapeJson(method), escapeJson(path.slice(0, maxPathLength))];
  const place = trace ? `"traceId":"${trace.traceId}","spanId":"${trace.spanId}",` : '';
  const from = info.remoteAddress ? `,"from":"${info.remoteAddress}"` : '';
  return (
    `{"level":30,"time":"${now()}"${baseFields},"requestId":"${id}",${place}` +
    `"request":{"method":"${verb}","path":"${target}"${from}},` +
    `"res":{"statusCode":${raw.res.statusCode}},"responseTime":${Math.round(milliseconds)},"msg":"${verb} ${target}"}\n`
  );
}

/** Text between the quotes of a JSON string; most needs no change. */
const escapeJson = (text: string) => (plain.test(text) ? text : JSON.stringify(text).slice(1, -1));

const plain = /^[ !#-[\]-~]*$/;

const clock = { at: 0, text: '' };

/** The time as ISO 8601; made once a millisecond. */
function now(): string {
  const at = Date.now();
  if (at !== clock.at) Object.assign(clock, { at, text: new Date(at).toISOString() });
  return clock.text;
}
