import type { ServerRoute } from '@hapi/hapi';
import type { AnyEndpoint, Service } from './endpoint.ts';

/** A host name at which one service answers at its own root. */
export interface Vhost {
  name: string;
  service: Service;
}

/**
 * The routes that a service has at its own names, besides those it has everywhere: hapi looks there first and
 * then among the others, so that health, metrics and assets are the same under every name.
 */
export function vhostRoutes(endpoints: AnyEndpoint[], vhosts: Vhost[]): ServerRoute[] {
  return vhosts.flatMap(({ name, service }) =>
    endpoints
      .filter((endpoint) => endpoint.service === service)
      .flatMap(({ root, route }) => (root === undefined ? [] : [{ ...route, vhost: name, path: root }])),
  );
}
