import type { Request } from '@hapi/hapi';
import type { Metrics } from '../operations/metrics.ts';
import type { ResponseListener } from '../response.ts';

/** Counts every request by its route: how many, how they ended, how long they took (RED), and how many are under way. */
export function measureRequests(metrics: Metrics): { started(): void; ended: ResponseListener } {
  // Not by its path, which other services have at their own names as well.
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
      const count = methods.get(method) ?? counterOf(metrics, labelsOf(request));
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

/** The route as it was defined, never the path that was asked for: its values would be without bound. */
function labelsOf({ route, method }: Request): Labels {
  const { service } = route.settings.app ?? {};
  if (service) return { method: method.toUpperCase(), route: route.path, service };
  return { method: 'any', route: 'none', service: 'none' };
}

/** One route's series. */
function counterOf({ requests, requestSeconds }: Metrics, labels: Labels): Count {
  const seconds = requestSeconds(labels);
  const byStatus = new Map<number, () => void>();
  return (status, took) => {
    const count = byStatus.get(status) ?? requests({ ...labels, status: String(status) });
    byStatus.set(status, count);
    count();
    seconds(took);
  };
}

/** 499 is what nginx writes for a client that left before the answer. */
function statusOf({ response }: Request): number {
  if (!response) return 499;
  return 'isBoom' in response ? response.output.statusCode : response.statusCode;
}
