import { isBoom } from '@hapi/boom';
import type { Plugin } from '@hapi/hapi';
import { Unavailable } from '../dependencies/unavailable.ts';

/** Turns a dependency's failure into a 503 that says nothing of it; the log gets the code and the words. */
export const failures: Plugin<undefined> = {
  name: 'failures',
  register(server) {
    server.ext('onPreResponse', ({ response, logger }, h) => {
      if (!isBoom(response) || !(response instanceof Unavailable)) return h.continue;
      const { dependency, code, message } = response;
      logger.warn({ dependency, code }, message);
      response.output.statusCode = 503;
      response.output.payload = { statusCode: 503, error: 'Service Unavailable', message: 'Try again soon' };
      response.output.headers['retry-after'] = '1';
      return h.continue;
    });
  },
};
