import { server as hapiServer, type Server } from '@hapi/hapi';
import { openDependencies } from './dependencies/dependencies.ts';
import type { AnyEndpoint } from './http/endpoint.ts';
import { limitConnections } from './http/listener/connectionLimit.ts';
import { drain } from './http/listener/drain.ts';
import { createListener } from './http/listener/listener.ts';
import { rejectMalformed } from './http/listener/malformed.ts';
import { docs } from './http/operations/docs.ts';
import { health } from './http/operations/health.ts';
import { createMetrics, dependencyObserver } from './http/operations/metrics.ts';
import { prometheus } from './http/operations/prometheus.ts';
import { readinessChecks } from './http/operations/readiness.ts';
import { lifecycle } from './http/request/lifecycle.ts';
import { vhosts } from './http/vhosts.ts';
import type { Log } from './log.ts';
import { addPages } from './pages/pages.ts';
import { readMigrations } from './schema/migrations.ts';
import { birthdays } from './services/birthdays/birthdays.ts';
import { counter } from './services/counter/counter.ts';
import { greeting } from './services/greeting.ts';
import { pokedex } from './services/pokedex/pokedex.ts';
import { todos } from './services/todos/todos.ts';
import type { Config } from './settings.ts';
import type { Release } from './version.ts';

/** Creates the server with all its routes. It starts without its dependencies, and closes them when it stops. */
export async function createServer(config: Config, release: Release, log: Log): Promise<Server> {
  const metrics = createMetrics(release.version);
  const dependencies = openDependencies(config, dependencyObserver(metrics), log);
  const listener = createListener();
  limitConnections(listener, config.MAX_CONNECTIONS, metrics, log);
  const server = hapiServer({
    listener,
    host: config.HOST,
    port: config.PORT,
    debug: false,
    // A malformed cookie belongs to another application on a related host name: ignore it and parse the others.
    state: { ignoreErrors: true },
    // No response is long enough for range requests.
    routes: { security: false, state: { failAction: 'ignore' }, response: { ranges: false } },
  });
  rejectMalformed(listener);
  await server.register({ plugin: lifecycle, options: { metrics, log } });
  await server.register({ plugin: drain, options: { seconds: config.DRAIN_SECONDS } });
  const assets = await addPages(server, release);
  const endpoints: AnyEndpoint[] = [
    ...greeting(dependencies),
    ...birthdays(dependencies, metrics),
    ...pokedex(dependencies, metrics),
    ...counter(dependencies),
    ...todos(dependencies),
    ...health(readinessChecks(dependencies, readMigrations(release.folder), config)),
    ...prometheus(metrics, dependencies),
  ];
  endpoints.push(...docs(endpoints, release.version));
  server.route(endpoints.map(({ route }) => route));
  await server.register({ plugin: vhosts, options: { endpoints, assets, vhosts: config.VHOSTS ?? [] } });
  server.ext('onPostStop', () => dependencies.close());
  return server;
}
