import type { Server } from 'node:net';
import type { Log } from '../../log.ts';
import type { Metrics } from '../operations/metrics.ts';

/** The shortest time between two warnings about refused connections, in milliseconds. */
const logInterval = 10_000;

/**
 * Limits the open connections to `max` and closes any further one at once, without a response, so that a load balancer
 * can try another replica. Each connection may have a request in progress, and a process that runs out of memory loses
 * all of them.
 *
 * Connections from the same machine or container are accepted and not counted: otherwise a health check would fail on a
 * busy process, and the process would be restarted for being busy.
 */
export function limitConnections(listener: Server, max: number, metrics: Metrics, log: Log): void {
  const { connections, connectionsRefused } = metrics;
  let loggedAt = -logInterval;
  const reject = () => {
    connectionsRefused.inc();
    const now = performance.now();
    if (now - loggedAt < logInterval) return;
    loggedAt = now;
    log.warn(`refusing connections: ${max} are open (MAX_CONNECTIONS)`);
  };
  listener.on('connection', (socket) => {
    if (socket.remoteAddress === socket.localAddress) return;
    if (connections.open >= max) {
      reject();
      socket.destroy();
      return;
    }
    connections.open += 1;
    socket.once('close', () => {
      connections.open -= 1;
    });
  });
}
