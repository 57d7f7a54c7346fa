import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { Client, Server } from 'memjs';
import type { Config } from '../settings.ts';
import { batchWrites } from './batchWrites.ts';
import { createBreaker, type Observer } from './breaker.ts';
import { withDeadline } from './deadline.ts';
import { Unavailable } from './unavailable.ts';

/** TheAPP's only access to Memcached: counts that may be lost. Throws Unavailable within MEMCACHED_TIMEOUT_MS. */
export interface Counts {
  /** Adds one atomically and returns the new count: 1 the first time. */
  increment(key: string): Promise<number>;
  close(): Promise<void>;
}

export function openCounts(config: Config, observer: Observer): Counts {
  let client = newClient(config);
  const protect = createBreaker('memcached', observer, { isDown: (error) => error instanceof Unavailable });
  // memjs hangs for ever if the server closes the connection during a request, and on the request after a timeout.
  const replace = (failed: Client) => {
    if (client === failed) client = newClient(config);
    destroyConnections(failed);
  };
  const increment = async (key: string) => {
    const asked = client;
    try {
      const work = asked.increment(toLegalKey(key), 1, { initial: 1 });
      const { value } = await withDeadline('memcached', config.MEMCACHED_TIMEOUT_MS, work);
      if (typeof value === 'number') return value;
      throw new Unavailable('memcached', 'NO_VALUE', 'no count in the response');
    } catch (error) {
      replace(asked);
      throw asUnavailable(error);
    }
  };
  return {
    increment: (key) => protect(() => increment(key)),
    close: async () => destroyConnections(client),
  };
}

/** memjs's own timeout only cleans up what the deadline has given up: it must be the longer of the two. */
function newClient(config: Config): Client {
  const timeout = (10 * config.MEMCACHED_TIMEOUT_MS) / 1000;
  const servers = config.MEMCACHED_SERVERS.map(
    ({ host, port }) => new BatchingServer(host, port, undefined, undefined, { timeout, keepAlive: true }),
  );
  // `retries` is the total number of attempts: an increment without a response must not be sent again.
  return new Client(servers, { retries: 1, logger: { log: () => undefined } });
}

/** A memjs connection that sends the requests of one turn of the event loop as one batch. */
class BatchingServer extends Server {
  override sock(sasl: boolean, go: (socket: Socket) => void): void {
    super.sock(sasl, (socket) => {
      batchWrites(socket);
      go(socket);
    });
  }
}

/** Destroys the connections, which `close` does not do while the server is silent. Pending requests fail at once. */
function destroyConnections({ servers }: Client) {
  for (const server of servers) server.error(new Error('connection closed'));
}

/** Memcached keys have at most 250 bytes and no spaces or control characters; other keys are hashed. */
function toLegalKey(key: string): string {
  if (/^[!-}]{1,200}$/.test(key)) return key;
  return `~${createHash('sha256').update(key).digest('base64url')}`;
}

function asUnavailable(error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'FAILED';
  return new Unavailable('memcached', code, error instanceof Error ? error.message : String(error), error);
}
