import type { Request } from '@hapi/hapi';
import type { Metrics } from '../operations/metrics.ts';
import type { ResponseListener } from '../response.ts';

/** Records rate, errors and duration (RED) per route, and the number of requests in progress. */
export function measureRequests(metrics: Metrics): { started(): void; ended: ResponseListener } {
  // Keyed by the route and not by its path, which other services can have on their own host names.
  const routes = new Map<Request['route'], Map<string, Count>>();
  return {
    started: () => {
      metrics.inFlight.requests++;
    },
    ended(request, milliseconds) {
      metrics.inFlight.requests--;
      const { route, method } = request;
      const methods = routes.get(route) ?? new Map<string, Count>();
      routes.set(route, methods);
      const count = methods.get(method) ?? requestCounter(metrics, labelsOf(request));
      methods.set(method, count);
      count(statusOf(request), milliseconds / 1000);
    },
  };
}

type Count = (status: number, seconds: number) => void;

interface Labels {
  method: string;
  route: string;
  service: string;
}

/** The path of the route, never of the request: the number of label values must be bounded. */
function labelsOf({ route, method }: Request): Labels {
  const { service } = route.settings.app ?? {};
  if (service) return { method: method.toUpperCase(), route: route.path, service };
  return { method: 'any', route: 'none', service: 'none' };
}

/** Returns a function that counts a request of the route. */
function requestCounter({ requests, requestSeconds }: Metrics, labels: Labels): Count {
  const seconds = requestSeconds(labels);
  const byStatus = new Map<number, () => void>();
  return (status, took) => {
    const count = byStatus.get(status) ?? requests({ ...labels, status: String(status) });
    byStatus.set(status, count);
    count();
    seconds(took);
  };
}

/** 499 is nginx's status for a client that closed the connection before the response. */
function statusOf({ response }: Request): number {
  if (!response) return 499;
  return 'isBoom' in response ? response.output.statusCode : response.statusCode;
}
