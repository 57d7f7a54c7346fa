import { setTimeout as sleep } from 'node:timers/promises';
import type { Plugin, Request } from '@hapi/hapi';
import type { ResponseHeaders } from '../response.ts';

declare module '@hapi/hapi' {
  interface ServerApplicationState {
    /** True from the stop signal on: `/readyz` reports it, and responses close their connections. */
    draining: boolean;
  }
}

/**
 * Drains before the server stops, so that no request is lost. For `seconds` the server still serves all requests,
 * readiness returns 503 so that load balancers remove it, and every response closes its connection so that clients
 * reconnect elsewhere.
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

/** Sets `Connection: close` while the server drains. */
export function closeWhileDraining({ server }: Request, headers: ResponseHeaders): void {
  if (server.app.draining) headers.connection = 'close';
}
