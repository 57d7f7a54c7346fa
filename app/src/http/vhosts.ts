import type { Plugin } from '@hapi/hapi';
import type { AnyEndpoint, Service } from './endpoint.ts';

/** A host name, in lower case, at which one service answers at its own root. */
export interface Vhost {
  name: string;
  service: Service;
}

/**
 * The routes that a service has at its own names, besides those it has everywhere: hapi looks there first and
 * then among the others. Health, metrics and documentation stand beside it, or `/{id}` would take their places.
 */
export const vhosts: Plugin<{ endpoints: AnyEndpoint[]; vhosts: Vhost[] }> = {
  name: 'vhosts',
  register(server, { endpoints, vhosts }) {
    if (vhosts.length === 0) return;
    for (const { name, service } of vhosts)
      for (const endpoint of endpoints) {
        const path = endpoint.service === 'operations' ? endpoint.path : endpoint.root;
        if (path !== undefined && (endpoint.service === service || endpoint.service === 'operations'))
          server.route({ ...endpoint.route, vhost: name, path });
      }
    // Names are the same in upper and lower case (RFC 9110, section 4.2.3); hapi compares as they come.
    server.ext('onRequest', ({ info }, h) => {
      info.hostname = info.hostname.toLowerCase();
      return h.continue;
    });
  },
};
