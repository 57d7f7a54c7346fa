import type { Plugin, ServerRoute } from '@hapi/hapi';
import type { AnyEndpoint, Service } from './endpoint.ts';

/** A host name, in lower case, at which one service answers at its own root. */
export interface Vhost {
  name: string;
  service: Service;
}

interface Options {
  endpoints: AnyEndpoint[];
  /** What pages load, and browsers ask for beside any answer. */
  assets: ServerRoute[];
  vhosts: Vhost[];
}

/**
 * The routes that a service has at its own names, besides those it has everywhere: hapi looks there first and
 * then among the others. Health, metrics, documentation and assets stand beside them, or `/{id}` would take their places.
 */
export const vhosts: Plugin<Options> = {
  name: 'vhosts',
  register(server, { endpoints, assets, vhosts }) {
    if (vhosts.length === 0) return;
    const everywhere = endpoints.flatMap(({ service, route }) => (service === 'operations' ? [route] : []));
    for (const { name, service } of vhosts) {
      const own = endpoints.flatMap(({ service: of, root, route }) =>
        of === service && root !== undefined ? [{ ...route, path: root }] : [],
      );
      server.route([...everywhere, ...assets, ...own].map((route) => ({ ...route, vhost: name })));
    }
    // Names are the same in upper and lower case (RFC 9110, section 4.2.3); hapi compares as they come.
    server.ext('onRequest', ({ info }, h) => {
      info.hostname = info.hostname.toLowerCase();
      return h.continue;
    });
  },
};
