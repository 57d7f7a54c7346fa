import http from 'node:http';
import { type Engine, openEngine } from '../engine.ts';
import type { Cluster, Node, Service, Task } from '../swarm.ts';
import { pageOf, policy, sorry } from './page.ts';

/**
 * Serves a page of nodes and tasks, from the Docker API of the manager that it runs on, read-only. Environment variables:
 * PORT (8080), DOCKER_SOCKET (/var/run/docker.sock).
 */
const { PORT = '8080', DOCKER_SOCKET = '/var/run/docker.sock' } = process.env;
const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Milliseconds for which Docker's answer is cached for all visitors. */
const FRESH = 1000;
const cluster = cached(openEngine(DOCKER_SOCKET));

const server = http.createServer(async ({ url, method }, response) => {
  const send = (status: number, type: string, text: string) =>
    response
      .writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` })
      .end(method === 'HEAD' ? undefined : text);
  if (method !== 'GET' && method !== 'HEAD') return send(405, 'text/plain', 'GET only\n');
  if (url === '/healthz') return send(200, 'text/plain', 'ok\n');
  if (url !== '/') return send(404, 'text/plain', 'not found\n');
  try {
    send(200, 'text/html', pageOf(await cluster(), Date.now()));
  } catch (error) {
    send(503, 'text/html', sorry(error instanceof Error ? error.message : String(error)));
  }
});
server.listen(Number(PORT), () => console.log(JSON.stringify({ listening: server.address() })));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => server.close());

function cached(engine: Engine): () => Promise<Cluster> {
  let [at, last]: [number, Promise<Cluster> | undefined] = [0, undefined];
  return () => {
    if (last === undefined || performance.now() - at > FRESH) {
      at = performance.now();
      last = read(engine);
    }
    return last;
  };
}

async function read(engine: Engine): Promise<Cluster> {
  const [nodes, services, tasks] = await Promise.all([
    engine.get<Node[]>('/nodes'),
    engine.get<Service[]>('/services'),
    engine.get<Task[]>('/tasks'),
  ]);
  return { nodes, services, tasks };
}
