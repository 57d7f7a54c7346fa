import type { Request, Server } from '@hapi/hapi';
import type { Log } from '../../log.ts';
import type { ResponseListener } from '../response.ts';

declare module '@hapi/hapi' {
  interface ServerApplicationState {
    log: Log;
  }
}

const probes = new Set(['/livez', '/readyz', '/healthz', '/metrics']);

/** Longer paths are truncated in the log; the longest valid path has about 300 characters. */
const maxPathLength = 400;

/**
 * Logs one line per request with its id, and one per unhandled error. Probes, which arrive every few seconds, are not
 * logged. Headers and malformed requests are never logged.
 */
export function logRequests(server: Server, log: Log): ResponseListener {
  server.app.log = log;
  server.events.on({ name: 'request', channels: 'error' }, (request, { error }) => {
    log.error(
      { ...logFields(request), err: error },
      error instanceof Error ? error.message : 'unhandled error',
    );
  });
  return (request, milliseconds) => {
    if (!log.isLevelEnabled('info') || probes.has(request.path)) return;
    log.writeLine(logLine(request, log.baseFields, milliseconds));
  };
}

/** The fields that identify a request, in this log and in those of other programs. */
export function logFields({ context: { id, trace }, method, path, info }: Request) {
  return {
    requestId: id,
    ...(trace && { traceId: trace.traceId, spanId: trace.spanId }),
    request: { method, path: path.slice(0, maxPathLength), from: info.remoteAddress },
  };
}

/**
 * The same line that pino would write, which would cost more than any other part of a request; a test compares the two.
 * Only the path and the method come from the client.
 */
export function logLine(
  { context: { id, trace }, method, path, info, raw }: Request,
  baseFields: string,
  milliseconds: number,
): string {
  const [verb, target] = [escapeJson(method), escapeJson(path.slice(0, maxPathLength))];
  const traceFields = trace ? `"traceId":"${trace.traceId}","spanId":"${trace.spanId}",` : '';
  const from = info.remoteAddress ? `,"from":"${info.remoteAddress}"` : '';
  return (
    `{"level":30,"time":"${now()}"${baseFields},"requestId":"${id}",${traceFields}` +
    `"request":{"method":"${verb}","path":"${target}"${from}},` +
    `"res":{"statusCode":${raw.res.statusCode}},"responseTime":${Math.round(milliseconds)},"msg":"${verb} ${target}"}\n`
  );
}

/** Escapes text for a JSON string; most text needs no change. */
const escapeJson = (text: string) => (plain.test(text) ? text : JSON.stringify(text).slice(1, -1));

const plain = /^[ !#-[\]-~]*$/;

const clock = { at: 0, text: '' };

/** The time as ISO 8601, formatted once per millisecond. */
function now(): string {
  const at = Date.now();
  if (at !== clock.at) Object.assign(clock, { at, text: new Date(at).toISOString() });
  return clock.text;
}
