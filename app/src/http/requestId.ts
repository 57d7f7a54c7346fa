import { randomUUID } from 'node:crypto';
import { isBoom } from '@hapi/boom';
import type { Plugin } from '@hapi/hapi';
import { type Trace, traceOf, traceparent } from './trace.ts';

declare module '@hapi/hapi' {
  interface RequestApplicationState {
    /** The request's name in the log, taken from `X-Request-Id` where nginx or the client gave one. */
    id: string;
    trace: Trace;
    /** When it came, on the clock of `performance.now()`. */
    began: number;
  }
}

/** What may be taken from a client into the log and back into a header. */
const sane = /^[\w.:-]{1,128}$/;

/** Gives every request a name and a place in its trace, and the client the names that the log has. */
export const requestId: Plugin<undefined> = {
  name: 'requestId',
  register(server) {
    server.ext('onRequest', ({ app, headers }, h) => {
      const given = headers['x-request-id'];
      app.began = performance.now();
      app.id = typeof given === 'string' && sane.test(given) ? given : randomUUID();
      app.trace = traceOf(headers.traceparent);
      return h.continue;
    });
    server.ext('onPreResponse', ({ app, response }, h) => {
      const headers = isBoom(response) ? response.output.headers : response.headers;
      headers['x-request-id'] = app.id;
      headers.traceparent = traceparent(app.trace);
      return h.continue;
    });
  },
};
