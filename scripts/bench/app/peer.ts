import { createServer } from 'node:http';
import { server as hapiServer } from '@hapi/hapi';
import { fastify } from 'fastify';
import { type Handler, openHandlers, paths, type ServiceName } from './handlers.ts';

/** The peers that TheAPP is compared with: frameworks with nothing but a handler. */
export const peerNames = ['node:http', 'hapi', 'fastify'] as const;
export type PeerName = (typeof peerNames)[number];

type Routes = readonly (readonly [path: string, handler: Handler])[];

/** `node peer.ts NAME` serves all paths on 127.0.0.1:PORT until it is killed. */
const peers: Readonly<Record<PeerName, (routes: Routes, port: number) => Promise<unknown>>> = {
  'node:http': async (routes, port) => {
    const handlers = new Map(routes);
    createServer(async (request, response) => {
      const answer = await handlers.get(request.url ?? '')?.();
      const text = typeof answer === 'string';
      const body = text ? answer : JSON.stringify(answer);
      response.setHeader('content-type', text ? 'text/plain; charset=utf-8' : 'application/json');
      response.setHeader('content-length', Buffer.byteLength(body));
      response.end(body);
    }).listen(port, '127.0.0.1');
  },
  hapi: (routes, port) => {
    const server = hapiServer({ host: '127.0.0.1', port });
    for (const [path, handler] of routes) server.route({ method: 'GET', path, handler: () => handler() });
    return server.start();
  },
  fastify: (routes, port) => {
    const server = fastify();
    for (const [path, handler] of routes) server.get(path, () => handler());
    return server.listen({ host: '127.0.0.1', port });
  },
};

if (import.meta.main) {
  const handlers = openHandlers(process.env);
  const routes = Object.entries(paths).map(([name, path]) => [path, handlers[name as ServiceName]] as const);
  await peers[process.argv[2] as PeerName](routes, Number(process.env.PORT));
}
