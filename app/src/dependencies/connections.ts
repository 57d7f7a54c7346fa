import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, createPool, type PoolConnection } from 'mysql2';

/** A mysql2 pool whose connections can really be destroyed, replaced and counted. */
export interface Connections {
  acquire(done: (error: Error | null, connection: PoolConnection) => void): void;
  release(connection: PoolConnection): void;
  /** Closes it at once. mysql2's own `destroy` waits, with a socket each, for a server that is gone to say goodbye. */
  destroy(connection: PoolConnection): void;
  /** Replaces every connection, the busy ones when they are given back: the name is asked anew where the server is. */
  replaceAll(): void;
  open(): number;
  idle(): number;
  close(): Promise<void>;
}

export interface ConnectionsOptions {
  server: ConnectionOptions;
  /** Most connections. */
  connections: number;
  /** Most that wait for one. */
  queue: number;
}

export function openConnections({ server, connections, queue }: ConnectionsOptions): Connections {
  // mysql2 makes a `config` for each connection and shows it to the maker of its socket: the key of all three.
  const sockets = new Map<ConnectionOptions, Socket>();
  const idle = new Map<ConnectionOptions, PoolConnection>();
  const stale = new Set<ConnectionOptions>();
  const pool = createPool({
    ...server,
    connectionLimit: connections,
    queueLimit: queue,
    // A minute is well below the wait_timeout of any server (28,800 s by default, often cut to minutes). mysql2
    // looks for idle connections only when there may be fewer than all, and closes at once what is above.
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

/** Says goodbye to MySQL, but does not wait for a server that is not there to hear it. */
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
