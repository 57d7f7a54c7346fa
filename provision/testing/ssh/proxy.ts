import { createServer, connect as dial, type Socket } from 'node:net';

/** A TCP proxy that simulates network failures. */
export interface Proxy {
  readonly port: number;
  /** From now on drops all data in both directions without closing the connections. */
  stall(): void;
  /** Resets the connections of both sides. */
  reset(): void;
  close(): void;
}

export async function proxy(to: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let stalled = false;
  const server = createServer((near) => {
    const far = dial(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data) => stalled || into.write(data));
      from.on('end', () => stalled || into.end());
      from.on('error', () => into.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    stall: () => {
      stalled = true;
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
