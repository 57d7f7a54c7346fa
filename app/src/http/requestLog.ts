import type { Plugin, Request } from '@hapi/hapi';
import type { Logger } from '../log.ts';

declare module '@hapi/hapi' {
  interface ServerApplicationState {
    log: Logger;
  }
}

const probes = new Set(['/livez', '/readyz', '/healthz', '/metrics']);

/** Characters of a path that are worth a line; the longest that TheAPP answers has some 300. */
const longest = 400;

/**
 * One line a request, by its id, and one for each defect; probes are left out, they come every few seconds. No
 * header is ever logged, nor the bytes of what is no HTTP, which hapi's own events hold whole.
 */
export const logRequests: Plugin<{ log: Logger }> = {
  name: 'logRequests',
  register(server, { log }) {
    server.app.log = log;
    server.events.on('response', (request) => {
      if (!log.isLevelEnabled('info') || probes.has(request.path)) return;
      const { method, app, raw } = request;
      const responseTime = Math.round(performance.now() - app.began);
      const line = { ...namesOf(request), res: { statusCode: raw.res.statusCode }, responseTime };
      log.info(line, `${method} ${line.request.path}`);
    });
    server.events.on({ name: 'request', channels: 'error' }, (request, { error }) => {
      log.error({ ...namesOf(request), err: error }, error instanceof Error ? error.message : 'a defect');
    });
  },
};

/** What finds the lines of one request, here and in the logs of others. */
export function namesOf({ app, method, path, info }: Request) {
  return {
    requestId: app.id,
    traceId: app.trace.traceId,
    spanId: app.trace.spanId,
    request: { method, path: path.slice(0, longest), from: info.remoteAddress },
  };
}
