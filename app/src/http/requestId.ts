import { randomUUID } from 'node:crypto';
import { isBoom } from '@hapi/boom';
import type { Plugin } from '@hapi/hapi';

declare module '@hapi/hapi' {
  interface RequestApplicationState {
    /** The request's name in the log, taken from `X-Request-Id` where nginx or the client gave one. */
    id: string;
  }
}

/** What may be taken from a client into the log and back into a header. */
const sane = /^[\w.:-]{1,128}$/;

/** Gives every request a name, and the client the name that the log has. */
export const requestId: Plugin<undefined> = {
  name: 'requestId',
  register(server) {
    server.ext('onRequest', (request, h) => {
      const given = request.headers['x-request-id'];
      request.app.id = typeof given === 'string' && sane.test(given) ? given : randomUUID();
      return h.continue;
    });
    server.ext('onPreResponse', ({ app, response }, h) => {
      if (isBoom(response)) response.output.headers['x-request-id'] = app.id;
      else response.header('x-request-id', app.id);
      return h.continue;
    });
  },
};
