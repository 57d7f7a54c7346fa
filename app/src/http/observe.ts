import type { Request } from '@hapi/hapi';
import type { Ended } from './everyRequest.ts';
import type { Metrics } from './metrics.ts';

/** Counts every request by its route: how many, how they ended, how long they took (RED), and how many are under way. */
export function observe(metrics: Metrics): { began(): void; counted: Ended } {
  const routes = new Map<string, (status: number, seconds: number) => void>();
  return {
    began: () => metrics.inFlight.inc(),
    counted(request, milliseconds) {
      metrics.inFlight.dec();
      const labels = labelsOf(request);
      const key = `${labels.method} ${labels.route}`;
      const count = routes.get(key) ?? counterOf(metrics, labels);
      routes.set(key, count);
      count(statusOf(request), milliseconds / 1000);
    },
  };
}

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

/** One route's series, looked up once: hashing the labels for each request costs more than counting it. */
function counterOf({ requests, requestSeconds }: Metrics, labels: Labels) {
  const seconds = requestSeconds.labels(labels);
  const byStatus = new Map<number, { inc(): void }>();
  return (status: number, took: number) => {
    const child = byStatus.get(status) ?? requests.labels({ ...labels, status: String(status) });
    byStatus.set(status, child);
    child.inc();
    seconds.observe(took);
  };
}

/** 499 is what nginx writes for a client that left before the answer. */
function statusOf({ response }: Request): number {
  if (!response) return 499;
  return 'isBoom' in response ? response.output.statusCode : response.statusCode;
}
