import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { Client, Server } from 'memjs';
import type { Config } from '../settings.ts';
import { batchWrites } from './batchWrites.ts';
import { createBreaker, type Observer } from './breaker.ts';
import { withDeadline } from './deadline.ts';
import { Unavailable } from './unavailable.ts';

/** TheAPP's one way to Memcached: counts that may be lost. Throws Unavailable within MEMCACHED_TIMEOUT_MS. */
export interface Counts {
  /** Adds one, atomically, and answers the new count: 1 the first time. */
  increment(key: string): Promise<number>;
  close(): Promise<void>;
}

export function openCounts(config: Config, observer: Observer): Counts {
  let client = newClient(config);
  const protect = createBreaker('memcached', observer, { isDown: (error) => error instanceof Unavailable });
  // memjs hangs for ever when the server closes in the middle of a request, and on the request after a time-out.
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
      throw new Unavailable('memcached', 'NO_VALUE', 'no count in the answer');
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

/** memjs' own time-out only ends what the deadline has given up: it must not come first. */
function newClient(config: Config): Client {
  const timeout = (10 * config.MEMCACHED_TIMEOUT_MS) / 1000;
  const servers = config.MEMCACHED_SERVERS.map(
    ({ host, port }) => new BatchingServer(host, port, undefined, undefined, { timeout, keepAlive: true }),
  );
  // `retries` is how often memjs sends in all: a count that was made and not answered is not made again.
  return new Client(servers, { retries: 1, logger: { log: () => undefined } });
}

/** memjs' connection, which sends the questions of one turn of the event loop together. */
class BatchingServer extends Server {
  override sock(sasl: boolean, go: (socket: Socket) => void): void {
    super.sock(sasl, (socket) => {
      batchWrites(socket);
      go(socket);
    });
  }
}

/** Destroys its connections, which `close` does not while the server is silent; others who wait on it fail now. */
function destroyConnections({ servers }: Client) {
  for (const server of servers) server.error(new Error('the connection was given up'));
}

/** Memcached takes 250 bytes without blanks or control characters; what is more is known by its hash. */
function toLegalKey(key: string): string {
  if (/^[!-}]{1,200}$/.test(key)) return key;
  return `~${createHash('sha256').update(key).digest('base64url')}`;
}

function asUnavailable(error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'FAILED';
  return new Unavailable('memcached', code, error instanceof Error ? error.message : String(error), error);
}
