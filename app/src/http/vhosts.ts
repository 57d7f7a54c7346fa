import type { Plugin, ServerRoute } from '@hapi/hapi';
import type { AnyEndpoint, Service } from './endpoint.ts';

/** A host name in lower case, and the service that it serves at its root. */
export interface Vhost {
  name: string;
  service: Service;
}

interface Options {
  endpoints: AnyEndpoint[];
  /** Routes of the style sheet and the icons, which browsers request on every host name. */
  assets: ServerRoute[];
  vhosts: Vhost[];
}

/**
 * Adds the routes of a service on its own host names. hapi looks up the routes of a host name first, then the others.
 * Health, metrics, documentation and assets are added to each host name too, or `/{id}` would match their paths.
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
    // Host names are case-insensitive (RFC 9110, section 4.2.3), but hapi compares them as they arrive.
    server.ext('onRequest', ({ info }, h) => {
      info.hostname = info.hostname.toLowerCase();
      return h.continue;
    });
  },
};
