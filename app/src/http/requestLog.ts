import type { Request, Server } from '@hapi/hapi';
import hapiPino from 'hapi-pino';
import type { Logger } from '../log.ts';

const probes = new Set(['/livez', '/readyz', '/healthz', '/metrics']);

/** One line a request, by its id; probes are left out, they come every few seconds. No header is ever logged. */
export async function logRequests(server: Server, log: Logger): Promise<void> {
  await server.register({
    plugin: hapiPino,
    options: {
      instance: log,
      // hapi tells of an Accept-Encoding that it cannot read before the request has its name: not worth a line.
      ignoreFunc: (_options: object, { app, path }: Request) => app.trace === undefined || probes.has(path),
      // Bytes that are no HTTP are the client's fault, and the event has all of them, its cookies included.
      // It is an object, which hapi-pino's types take for a list.
      ignoredEventTags: Object.assign<object[], object>([], { log: ['client'], request: '*' }),
      logEvents: ['response', 'request-error'],
      getChildBindings: ({ app, method, path, info }: Request) => ({
        requestId: app.id,
        traceId: app.trace.traceId,
        spanId: app.trace.spanId,
        request: { method, path, from: info.remoteAddress },
      }),
      customRequestCompleteMessage: ({ method, path }: Request) => `${method} ${path}`,
      serializers: { res: ({ statusCode }: { statusCode: number }) => ({ statusCode }) },
      wrapSerializers: false,
    },
  });
}
