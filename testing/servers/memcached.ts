import { connect } from 'node:net';
import { freePort, newFolder } from './process.ts';
import { type Server, startServer } from './server.ts';

/** A real Memcached for one test, which loses its data when it is killed. */
export interface Memcached extends Server {
  /** The environment variables for TheAPP. */
  environment: Record<string, string>;
}

export async function startMemcached(address = '127.0.0.1'): Promise<Memcached> {
  const [folder, port] = [await newFolder('memcached'), await freePort(address)];
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  const server = await startServer({
    program: ['memcached', 'memcached'],
    args: ['-l', address, '-p', String(port), '-U', '0', '-m', '16', '-t', '1', ...user],
    folder,
    address,
    port,
    ready: () => greet(address, port),
  });
  return { ...server, environment: { MEMCACHED_SERVERS: `${address}:${port}` } };
}

/** Requests the version. Throws while the server does not respond. */
function greet(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 1000 }, () => socket.write('version\r\n'));
    const fail = (error?: Error) => {
      socket.destroy();
      reject(error ?? new Error('Memcached does not respond'));
    };
    socket.once('error', fail).once('timeout', fail).once('end', fail);
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
  });
}
