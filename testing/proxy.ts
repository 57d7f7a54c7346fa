import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** A TCP proxy between TheAPP and a server that can lose the server's replies. */
export interface Proxy {
  port: number;
  /** Redirects new connections, like a host name that now resolves to another server. */
  lead(port: number, address?: string): void;
  /** Drops the next bytes from the server and closes the connection. */
  swallowNextReply(): void;
  /** Closes every connection. */
  drop(): void;
  close(): Promise<void>;
}

export async function startProxy(port: number, address = '127.0.0.1'): Promise<Proxy> {
  let to = { port, host: address };
  let swallow = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = dial(to);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      if (!swallow) return void client.write(bytes);
      swallow = false;
      client.destroy();
    });
  });
  return {
    port: await listen(server),
    lead: (port, host = '127.0.0.1') => {
      to = { port, host };
    },
    swallowNextReply: () => {
      swallow = true;
    },
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}
