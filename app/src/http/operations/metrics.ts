import { Counter, collectDefaultMetrics, Gauge } from 'prom-client';
import type { Observer } from '../../dependencies/breaker.ts';
import { SeriesRegistry } from './series.ts';

/** In seconds, from a cached response to the longest permitted request. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5];

export type Metrics = ReturnType<typeof createMetrics>;

/** All metrics of TheAPP; their names follow the Prometheus naming guide (seconds, _total). */
export function createMetrics(version: string) {
  const registry = new SeriesRegistry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'theapp_build_info',
    help: 'Always 1; the labels name the release and its Node.js version',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1);
  const inFlight = { requests: 0 };
  new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests in progress',
    registers,
    collect() {
      this.set(inFlight.requests);
    },
  });
  const connections = { open: 0 };
  new Gauge({
    name: 'http_connections',
    help: 'Open connections from other machines',
    registers,
    collect() {
      this.set(connections.open);
    },
  });
  return {
    registry,
    connections,
    connectionsRefused: new Counter({
      name: 'http_connections_refused_total',
      help: 'Connections closed at once because MAX_CONNECTIONS were open',
      registers,
    }),
    requests: registry.counter({
      name: 'http_requests_total',
      help: 'Completed requests by route and status',
      labelNames: ['method', 'route', 'service', 'status'],
    }),
    requestSeconds: registry.histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the start of a request to the end of its response, by route',
      labelNames: ['method', 'route', 'service'],
      buckets,
    }),
    inFlight,
    dependencyCalls: registry.counter({
      name: 'dependency_calls_total',
      help: 'Calls to MySQL, Redis and Memcached by outcome; refused: the breaker was open and nothing was sent',
      labelNames: ['dependency', 'outcome'],
    }),
    dependencySeconds: registry.histogram({
      name: 'dependency_call_duration_seconds',
      help: 'Duration of calls to a dependency',
      labelNames: ['dependency'],
      buckets,
    }),
    breakerOpen: new Gauge({
      name: 'dependency_breaker_open',
      help: '1 while the circuit breaker of the dependency is open and its calls fail at once',
      labelNames: ['dependency'],
      registers,
    }),
    degraded: new Counter({
      name: 'theapp_degraded_total',
      help: 'Responses that lack a part because a dependency was unavailable',
      labelNames: ['service', 'part'],
      registers,
    }),
    redisPeers: new Gauge({
      name: 'redis_peers',
      help: 'Replicas that keep up with the Redis master, and Sentinels that respond',
      labelNames: ['kind'],
      registers,
    }),
    poolConnections: new Gauge({
      name: 'mysql_pool_connections',
      help: 'Connections of a pool (open, idle) and requests that wait for one (waiting)',
      labelNames: ['pool', 'state'],
      registers,
    }),
  };
}

/** Records the calls to dependencies as metrics. */
export function dependencyObserver({ dependencyCalls, dependencySeconds, breakerOpen }: Metrics): Observer {
  const seriesOf = (dependency: string) => ({
    ok: dependencyCalls({ dependency, outcome: 'ok' }),
    failed: dependencyCalls({ dependency, outcome: 'failed' }),
    refused: dependencyCalls({ dependency, outcome: 'refused' }),
    seconds: dependencySeconds({ dependency }),
  });
  const known = new Map<string, ReturnType<typeof seriesOf>>();
  return {
    call(dependency, outcome, seconds) {
      const series = known.get(dependency) ?? seriesOf(dependency);
      known.set(dependency, series);
      series[outcome]();
      series.seconds(seconds);
    },
    breaker: (dependency, open) => breakerOpen.labels(dependency).set(open ? 1 : 0),
  };
}
