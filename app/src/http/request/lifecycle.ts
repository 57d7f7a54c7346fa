import { type Boom, isBoom } from '@hapi/boom';
import type { Plugin, Request, Server } from '@hapi/hapi';
import { Unavailable } from '../../dependencies/unavailable.ts';
import type { Log } from '../../log.ts';
import { renderErrorPage } from '../../pages/errorPages.ts';
import { closeWhileDraining } from '../listener/drain.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { ResponseHeaders } from '../response.ts';
import { requestContext, setCorrelationHeaders } from './context.ts';
import { logRequests } from './requestLog.ts';
import { measureRequests } from './requestMetrics.ts';
import { isPage, setSecurityHeaders } from './securityHeaders.ts';
import { replyServiceUnavailable } from './serviceUnavailable.ts';

/**
 * The request lifecycle: request id, headers, error format, metrics and log. One extension per extension point calls all
 * of them: hapi's overhead per extension is higher than their own cost.
 */
export const lifecycle: Plugin<{ metrics: Metrics; log: Log }> = {
  name: 'lifecycle',
  register(server, { metrics, log }) {
    const { started, ended } = measureRequests(metrics);
    const logged = logRequests(server, log);
    // Runs when hapi creates the request; an onRequest extension would add an asynchronous step to every request.
    server.decorate(
      'request',
      'context',
      (request: Request) => {
        started();
        return requestContext(request);
      },
      { apply: true },
    );
    server.ext('onPreResponse', (request, h) => {
      const { response } = request;
      if (isBoom(response)) return formatError(server, request, response).then(() => h.continue);
      completeHeaders(request, response.headers);
      return h.continue;
    });
    server.events.on('response', (request) => {
      const milliseconds = performance.now() - request.context.startedAt;
      ended(request, milliseconds);
      logged(request, milliseconds);
    });
  },
};

/** Leaves the error unchanged for the log; the response reveals no internals. */
async function formatError(server: Server, request: Request, error: Boom): Promise<void> {
  if (error instanceof Unavailable) replyServiceUnavailable(request, error);
  await renderErrorPage(server, request, error);
  completeHeaders(request, error.output.headers);
}

function completeHeaders(request: Request, headers: ResponseHeaders): void {
  setCorrelationHeaders(request, headers);
  closeWhileDraining(request, headers);
  setSecurityHeaders(headers, isPage(request.response));
}
