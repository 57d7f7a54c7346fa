import type { Request, Server } from '@hapi/hapi';
import hapiPino from 'hapi-pino';
import type { Logger } from '../log.ts';

/** One line a request, by its id; probes are left out, they come every few seconds. No header is ever logged. */
export async function logRequests(server: Server, log: Logger): Promise<void> {
  await server.register({
    plugin: hapiPino,
    options: {
      instance: log,
      ignorePaths: ['/livez', '/readyz', '/healthz', '/metrics'],
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
