import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Observer } from '../dependencies/breaker.ts';

/** Seconds: from a cached answer to the longest that a request may take. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5];

export type Metrics = ReturnType<typeof createMetrics>;

/** Everything TheAPP counts, for Prometheus; the names follow its naming guide (seconds, _total). */
export function createMetrics(version: string) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'theapp_build_info',
    help: 'Always 1; the labels say which release answers',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1);
  return {
    registry,
    requests: new Counter({
      name: 'http_requests_total',
      help: 'Requests answered, by route and status',
      labelNames: ['method', 'route', 'service', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'From the first byte of a request to the answer handed over, by route',
      labelNames: ['method', 'route', 'service'],
      buckets,
      registers,
    }),
    inFlight: new Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests being answered now',
      registers,
    }),
    dependencyCalls: new Counter({
      name: 'dependency_calls_total',
      help: 'Calls of MySQL, Redis and Memcached by outcome; refused: the breaker was open, nothing was sent',
      labelNames: ['dependency', 'outcome'],
      registers,
    }),
    dependencySeconds: new Histogram({
      name: 'dependency_call_duration_seconds',
      help: 'How long calls of a dependency took',
      labelNames: ['dependency'],
      buckets,
      registers,
    }),
    breakerOpen: new Gauge({
      name: 'dependency_breaker_open',
      help: '1 while calls of the dependency fail at once without being sent',
      labelNames: ['dependency'],
      registers,
    }),
    degraded: new Counter({
      name: 'theapp_degraded_total',
      help: 'Answers given without a part that a dependency did not deliver',
      labelNames: ['service', 'part'],
      registers,
    }),
    redisPeers: new Gauge({
      name: 'redis_peers',
      help: 'Replicas that keep up with the Redis master, and Sentinels that answer',
      labelNames: ['kind'],
      registers,
    }),
    poolConnections: new Gauge({
      name: 'mysql_pool_connections',
      help: 'Connections of a pool by state: open, idle; and requests that wait for one',
      labelNames: ['pool', 'state'],
      registers,
    }),
  };
}

/** Hands what the data layer tells to the metrics. Series are looked up once: their labels cost more than counting. */
export function observerOf({ dependencyCalls, dependencySeconds, breakerOpen }: Metrics): Observer {
  const counts = new Map<string, { inc(): void }>();
  const times = new Map<string, { observe(seconds: number): void }>();
  return {
    call(dependency, outcome, seconds) {
      const key = `${dependency} ${outcome}`;
      const count = counts.get(key) ?? dependencyCalls.labels(dependency, outcome);
      const time = times.get(dependency) ?? dependencySeconds.labels(dependency);
      counts.set(key, count);
      times.set(dependency, time);
      count.inc();
      time.observe(seconds);
    },
    breaker: (dependency, open) => breakerOpen.labels(dependency).set(open ? 1 : 0),
  };
}
