import { setTimeout as sleep } from 'node:timers/promises';
import type { Plugin, Request } from '@hapi/hapi';
import type { ResponseHeaders } from '../response.ts';

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
  },
};

/** While the server drains, an answer tells its client not to keep the connection. */
export function closeWhileDraining({ server }: Request, headers: ResponseHeaders): void {
  if (server.app.draining) headers.connection = 'close';
}
