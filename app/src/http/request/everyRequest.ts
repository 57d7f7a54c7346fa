import { type Boom, isBoom } from '@hapi/boom';
import type { Plugin, Request, Server } from '@hapi/hapi';
import { Unavailable } from '../../dependencies/unavailable.ts';
import type { Log } from '../../log.ts';
import { showAsPage } from '../../pages/errorPages.ts';
import type { Headers } from '../answer.ts';
import { turnAway } from '../listener/drain.ts';
import type { Metrics } from '../operations/metrics.ts';
import { sayUnavailable } from './failures.ts';
import { beStrict, isPage } from './headers.ts';
import { observe } from './observe.ts';
import { nameRequest, tellNames } from './requestId.ts';
import { logRequests } from './requestLog.ts';

/**
 * What TheAPP does for every request: names, headers, errors in one form, metrics and the log. One extension of
 * each kind calls them all: an extension of its own would cost each more of hapi's time than it needs itself.
 */
export const everyRequest: Plugin<{ metrics: Metrics; log: Log }> = {
  name: 'everyRequest',
  register(server, { metrics, log }) {
    const { began, counted } = observe(metrics);
    const logged = logRequests(server, log);
    // Called as each request is made; an extension for onRequest would have every one wait for it.
    server.decorate(
      'request',
      'names',
      (request: Request) => {
        began();
        return nameRequest(request);
      },
      { apply: true },
    );
    server.ext('onPreResponse', (request, h) => {
      const { response } = request;
      if (isBoom(response)) return sayWhatFailed(server, request, response).then(() => h.continue);
      completeHeaders(request, response.headers);
      return h.continue;
    });
    server.events.on('response', (request) => {
      const milliseconds = performance.now() - request.names.began;
      counted(request, milliseconds);
      logged(request, milliseconds);
    });
  },
};

/** The error itself stays as it is, for the log; what is sent of it says nothing of the inside. */
async function sayWhatFailed(server: Server, request: Request, error: Boom): Promise<void> {
  if (error instanceof Unavailable) sayUnavailable(request, error);
  await showAsPage(server, request, error);
  completeHeaders(request, error.output.headers);
}

function completeHeaders(request: Request, headers: Headers): void {
  tellNames(request, headers);
  turnAway(request, headers);
  beStrict(headers, isPage(request.response));
}
