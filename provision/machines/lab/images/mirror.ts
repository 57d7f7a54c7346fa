import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { failure } from '../../../errors.ts';
import { blobsOf, digestOf, types } from './blobs.ts';
import type { Built } from './build.ts';

/** This computer's loopback address, and the address under which virtual machines reach it (QEMU's user network). */
export const loopback = { listen: '127.0.0.1', seen: '10.0.2.2' };

export interface Mirror {
  /** Its URL for the lab's machines, which is a value for `docker.mirrors`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the stand-ins as a mirror of Docker Hub, with the part of the OCI distribution specification that a pull
 * requires. By default it listens only on this computer's loopback address, which the lab's virtual machines can reach.
 * With `port` 0 it chooses a free port.
 *
 * @throws ProvisionError (failed) if the port is in use
 */
export async function openMirror(
  { file }: Pick<Built, 'file'>,
  port: number,
  progress: (line: string) => void,
  { listen, seen } = loopback,
): Promise<Mirror> {
  const folder = await blobsOf(file, progress);
  const server = createServer((request, response) => respond(folder, request, response));
  await listening(server, port, listen);
  return {
    url: `http://${seen}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        failure({
          place: `${address}:${port}`,
          what: code === 'EADDRINUSE' ? 'the port is in use' : message,
          todo: 'choose another port; --port 0 chooses a free one',
        }),
      ),
    );
    server.listen(port, address, resolve);
  });
}

const manifests = /^\/v2\/library\/([\w.-]+)\/manifests\/([\w.:-]+)$/;
const blobs = /^\/v2\/library\/[\w.-]+\/blobs\/(sha256:[0-9a-f]{64})$/;

/** If the response is 404, Docker tries Docker Hub. */
function respond(folder: string, { method, url = '' }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405).end();
  const [path = ''] = url.split('?');
  if (path === '/v2/') return void response.end('{}');
  const [, repository, tag] = manifests.exec(path) ?? [];
  const [, digest] = blobs.exec(path) ?? [];
  const file = tag ? join(folder, 'manifests', `${repository}:${tag}`) : join(folder, 'blobs', `${digest}`);
  if (!existsSync(file)) return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
  response.setHeader('content-type', tag ? types.manifest : 'application/octet-stream');
  response.setHeader('docker-content-digest', digest ?? digestOf(readFileSync(file)));
  response.setHeader('content-length', statSync(file).size);
  if (method === 'HEAD') return void response.end();
  // the client notices a truncated response by its length
  pipeline(createReadStream(file), response).catch(() => response.destroy());
}
