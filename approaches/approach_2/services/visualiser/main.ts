import { servePage } from '../../../visualiser/server.ts';
import { openEngine } from '../engine.ts';
import type { Node, Service, Task } from '../swarm.ts';
import { bodyOf } from './page.ts';

/**
 * Serves a page of nodes and tasks, from the Docker API of the manager that it runs on, read-only. Environment variables:
 * PORT (8080), DOCKER_SOCKET (/var/run/docker.sock).
 */
const { PORT = '8080', DOCKER_SOCKET = '/var/run/docker.sock' } = process.env;
const engine = openEngine(DOCKER_SOCKET);

servePage(Number(PORT), {
  title: 'Nodes and tasks',
  body: bodyOf,
  async read() {
    const [nodes, services, tasks] = await Promise.all([
      engine.get<Node[]>('/nodes'),
      engine.get<Service[]>('/services'),
      engine.get<Task[]>('/tasks'),
    ]);
    return { nodes, services, tasks };
  },
});
