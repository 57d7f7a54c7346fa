import { setTimeout as sleep } from 'node:timers/promises';
import { isBoom } from '@hapi/boom';
import type { Plugin } from '@hapi/hapi';

declare module '@hapi/hapi' {
  interface ServerApplicationState {
    /** True from the moment of the stop signal: readiness says so, and connections are not kept. */
    draining: boolean;
  }
}

/**
 * Stops without losing a request: for `seconds` the server still answers everything, readiness turns 503 so
 * that balancers look elsewhere, and every answer closes its connection so that clients do as well.
 */
export const drain: Plugin<{ seconds: number }> = {
  name: 'drain',
  register(server, { seconds }) {
    server.app.draining = false;
    server.ext('onPreStop', async () => {
      server.app.draining = true;
      await sleep(seconds * 1000);
    });
    server.ext('onPreResponse', ({ response }, h) => {
      if (!server.app.draining) return h.continue;
      if (isBoom(response)) response.output.headers.connection = 'close';
      else response.header('connection', 'close');
      return h.continue;
    });
  },
};
