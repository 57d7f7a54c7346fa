import type { Server } from 'node:net';
import type { Log } from '../../log.ts';
import type { Metrics } from '../operations/metrics.ts';

/** How often the log says that connections are refused, in milliseconds. */
const logInterval = 10_000;

/**
 * Closes what connects beyond `max` connections at a time: each may have a request under way, and a process that runs
 * out of memory loses those of all. Nothing of the client is answered, so that a balancer can ask another replica.
 *
 * Who connects from the machine or the container itself comes in and is not counted: a health check has to hear that a
 * crowded process is alive, or it is restarted for being busy.
 */
export function limitConnections(listener: Server, max: number, metrics: Metrics, log: Log): void {
  const { connections, connectionsRefused } = metrics;
  let loggedAt = -logInterval;
  const reject = () => {
    connectionsRefused.inc();
    const now = performance.now();
    if (now - loggedAt < logInterval) return;
    loggedAt = now;
    log.warn(`connections are refused: ${max} are open (MAX_CONNECTIONS)`);
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
