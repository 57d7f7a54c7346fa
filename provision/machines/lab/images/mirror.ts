import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { failure } from '../../../errors.ts';
import { findServed } from './served.ts';

/** This computer's loopback address, and the address under which virtual machines reach it (QEMU's user network). */
export const loopback = { listen: '127.0.0.1', seen: '10.0.2.2' };

export interface Mirror {
  /** Its URL for the lab's machines, which is a value for `docker.mirrors`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves images as a mirror of their registries, with the part of the OCI distribution specification that a pull
 * requires, and files below /apt/ and /helm/. By default it listens only on this computer's loopback address, which the
 * lab's virtual machines can reach. With `port` 0 it chooses a free port.
 *
 * @param folders each with `blobs`, `manifests` (see `blobsOf`) and `files`
 * @throws ProvisionError (failed) if the port is in use
 */
export async function openMirror(
  folders: readonly string[],
  port: number,
  { listen, seen } = loopback,
): Promise<Mirror> {
  const server = createServer((request, response) => respond(folders, request, response));
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

/** If the response is 404, Docker tries Docker Hub. */
function respond(
  folders: readonly string[],
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
) {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405).end();
  const [path = '', query] = url.split('?');
  if (path === '/v2/') return void response.end('{}');
  const found = findServed(folders, path, new URLSearchParams(query).get('ns') ?? undefined);
  if (!found) return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
  const { file, type, digest } = found;
  response.setHeader('content-type', type);
  if (digest) response.setHeader('docker-content-digest', digest);
  response.setHeader('content-length', statSync(file).size);
  if (method === 'HEAD') return void response.end();
  // the client notices a truncated response by its length
  pipeline(createReadStream(file), response).catch(() => response.destroy());
}
