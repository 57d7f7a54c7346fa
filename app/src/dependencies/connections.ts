import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, createPool, type PoolConnection } from 'mysql2';

/** A mysql2 pool whose connections can be destroyed at once, replaced and counted. */
export interface Connections {
  acquire(done: (error: Error | null, connection: PoolConnection) => void): void;
  release(connection: PoolConnection): void;
  /** Closes it at once. mysql2's own `destroy` keeps the socket open and waits for the server to close it. */
  destroy(connection: PoolConnection): void;
  /** Replaces every connection, busy ones when they are released. New connections resolve the host name again. */
  replaceAll(): void;
  open(): number;
  idle(): number;
  close(): Promise<void>;
}

export interface ConnectionsOptions {
  server: ConnectionOptions;
  /** Maximum number of connections. */
  connections: number;
  /** Maximum number of requests that wait for a connection. */
  queue: number;
}

export function openConnections({ server, connections, queue }: ConnectionsOptions): Connections {
  // mysql2 creates one `config` per connection and passes it to `stream`: it is the key of all three collections.
  const sockets = new Map<ConnectionOptions, Socket>();
  const idle = new Map<ConnectionOptions, PoolConnection>();
  const stale = new Set<ConnectionOptions>();
  const pool = createPool({
    ...server,
    connectionLimit: connections,
    queueLimit: queue,
    // A minute is well below the wait_timeout of any server (28,800 s by default, often reduced to minutes). mysql2
    // closes idle connections only if maxIdle is below connectionLimit, and those above maxIdle at once.
    maxIdle: Math.max(1, connections - 1),
    idleTimeout: 60_000,
    stream({ config }: { config: ConnectionOptions }) {
      const socket = openSocket(server);
      sockets.set(config, socket);
      return socket.once('close', () => {
        for (const known of [sockets, idle, stale]) known.delete(config);
      });
    },
  });
  pool.on('release', (connection) => idle.set(connection.config, connection));
  pool.on('acquire', (connection) => idle.delete(connection.config));
  const destroy = (connection: PoolConnection) => {
    connection.destroy();
    sockets.get(connection.config)?.destroy();
  };
  return {
    acquire: (done) => pool.getConnection(done),
    release(connection) {
      if (stale.size > 0 && stale.has(connection.config)) destroy(connection);
      else connection.release();
    },
    destroy,
    replaceAll() {
      for (const config of sockets.keys()) stale.add(config);
      for (const connection of [...idle.values()]) destroy(connection);
    },
    open: () => sockets.size,
    idle: () => idle.size,
    close: () => closeAll((done) => pool.end(done), sockets),
  };
}

function openSocket({ socketPath, host, port }: ConnectionOptions): Socket {
  if (socketPath) return connect(socketPath);
  const address = { host: host ?? '127.0.0.1', port: port ?? 3306 };
  return connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
}

/** Closes the connections in an orderly way, but does not wait for a server that does not respond. */
function closeAll(end: (done: () => void) => void, sockets: Map<unknown, Socket>) {
  return new Promise<void>((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      for (const socket of sockets.values()) socket.destroySoon();
      resolve();
    };
    const timer = setTimeout(() => {
      for (const socket of sockets.values()) socket.destroy();
      resolve();
    }, 1000);
    end(finish);
  });
}
