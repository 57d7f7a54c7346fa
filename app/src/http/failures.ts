import { isBoom } from '@hapi/boom';
import type { Plugin, Request } from '@hapi/hapi';
import { Unavailable } from '../dependencies/unavailable.ts';
import { namesOf } from './requestLog.ts';

/** Turns a dependency's failure into a 503 that says nothing of it; the log gets the code and the words. */
export const failures: Plugin<undefined> = {
  name: 'failures',
  register(server) {
    server.ext('onPreResponse', (request, h) => {
      const { response } = request;
      if (!isBoom(response) || !(response instanceof Unavailable)) return h.continue;
      logUnavailable(request, response);
      response.output.statusCode = 503;
      response.output.payload = { statusCode: 503, error: 'Service Unavailable', message: 'Try again soon' };
      response.output.headers['retry-after'] = '1';
      return h.continue;
    });
  },
};

/** What only the operator may know; for services that answer a failure in a form of their own. */
export function logUnavailable(request: Request, { dependency, code, message }: Unavailable) {
  request.server.app.log.warn({ ...namesOf(request), dependency, code }, message);
}
