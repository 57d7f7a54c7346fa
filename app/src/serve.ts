import { constants } from 'node:os';
import type { Server } from '@hapi/hapi';
import type { Log } from './log.ts';
import { createServer } from './server.ts';
import type { Config } from './settings.ts';
import type { Release } from './version.ts';

/** How long requests in progress may still take once the server accepts no new ones. */
const stopTimeoutMilliseconds = 20_000;

/** Serves until it receives a signal: the first drains and exits with code 0, the second exits at once. */
export async function serve(config: Config, release: Release, log: Log): Promise<void> {
  const server = await createServer(config, release, log);
  process.on('uncaughtException', (error) => {
    log.fatal(error, 'uncaught exception: exiting');
    process.exit(1);
  });
  const started = server.start().catch((error: NodeJS.ErrnoException) => {
    throw new Error(notListening(config, error), { cause: error });
  });
  stopOnSignals(server, started, log);
  await started;
  log.info({ address: server.info.uri }, 'listening');
}

function notListening({ HOST, PORT }: Config, { code = '', message }: NodeJS.ErrnoException): string {
  return `HOST, PORT: cannot listen on ${HOST}:${PORT}: ${reasons[code] ?? message}`;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses this port',
  EACCES: 'only root can use this port',
  EADDRNOTAVAIL: 'this computer does not have this address',
  ENOTFOUND: 'there is no such host name',
};

/** hapi cannot stop while it is starting: a signal that arrives during the start waits until it has finished. */
function stopOnSignals(server: Server, started: Promise<void>, log: Log) {
  let stopping = false;
  const onSignal = async (signal: 'SIGTERM' | 'SIGINT') => {
    if (stopping) {
      log.warn({ signal }, 'second signal: exiting at once');
      process.exit(128 + constants.signals[signal]);
    }
    stopping = true;
    log.info({ signal }, 'draining; a second signal exits at once');
    await started;
    await server.stop({ timeout: stopTimeoutMilliseconds });
    log.info('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
