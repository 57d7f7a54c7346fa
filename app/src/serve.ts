import { constants } from 'node:os';
import type { Server } from '@hapi/hapi';
import type { Log } from './log.ts';
import { createServer } from './server.ts';
import type { Config } from './settings.ts';
import type { Release } from './version.ts';

/** How long requests that are being answered may still take once nothing new is accepted. */
const stopTimeoutMilliseconds = 20_000;

/** Serves until a signal: the first stops gracefully with exit code 0, the second at once. */
export async function serve(config: Config, release: Release, log: Log): Promise<void> {
  const server = await createServer(config, release, log);
  process.on('uncaughtException', (error) => {
    log.fatal(error, 'a defect: the process stops');
    process.exit(1);
  });
  const started = server.start();
  stopOnSignals(server, started, log);
  await started;
  log.info({ address: server.info.uri }, 'listening');
}

/** hapi refuses to stop while it starts: a signal that comes that early waits for the start to end. */
function stopOnSignals(server: Server, started: Promise<void>, log: Log) {
  let stopping = false;
  const onSignal = async (signal: 'SIGTERM' | 'SIGINT') => {
    if (stopping) {
      log.warn({ signal }, 'stopping at once');
      process.exit(128 + constants.signals[signal]);
    }
    stopping = true;
    log.info({ signal }, 'draining, then stopping; a second signal stops at once');
    await started;
    await server.stop({ timeout: stopTimeoutMilliseconds });
    log.info('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
