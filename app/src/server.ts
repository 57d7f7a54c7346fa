import { server as hapiServer, type Server } from '@hapi/hapi';
import { openDatabase } from './dependencies/database.ts';
import { drain } from './http/drain.ts';
import { failures } from './http/failures.ts';
import { health } from './http/health.ts';
import { requestId } from './http/requestId.ts';
import { logRequests } from './http/requestLog.ts';
import type { Logger } from './log.ts';
import type { Migration } from './schema/migrations.ts';
import { schemaCheck } from './schema/schemaCheck.ts';
import { greeting } from './services/greeting.ts';
import type { Config } from './settings.ts';

/** TheAPP with all its routes, not listening yet: MySQL need not be there. Its stop closes the pool. */
export async function createServer(config: Config, migrations: Migration[], log: Logger): Promise<Server> {
  const database = openDatabase(config);
  const server = hapiServer({
    host: config.HOST,
    port: config.PORT,
    debug: false,
    // Strict transport is for nginx to promise, which knows whether there is TLS.
    routes: { security: { hsts: false, noOpen: false } },
  });
  boundWaits(server);
  await server.register(requestId);
  await logRequests(server, log);
  await server.register(failures);
  await server.register({ plugin: drain, options: { seconds: config.DRAIN_SECONDS } });
  const checks = [schemaCheck(database, migrations, config.READY_TIMEOUT_MS)];
  await server.register({ plugin: health, options: { checks } });
  await server.register({ plugin: greeting, options: { database } });
  server.ext('onPostStop', () => database.close());
  return server;
}

/**
 * A client that sends slowly does not hold a connection for long. An idle one is kept for longer than
 * nginx keeps its own (60 s): were it closed here first, a request already on its way would be lost.
 */
function boundWaits({ listener }: Server) {
  listener.headersTimeout = 10_000;
  listener.requestTimeout = 30_000;
  listener.keepAliveTimeout = 75_000;
}
