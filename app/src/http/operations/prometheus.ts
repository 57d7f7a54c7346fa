import { z } from 'zod';
import type { Dependencies } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../endpoint.ts';
import type { Metrics } from './metrics.ts';

/** `/metrics` for Prometheus. */
export function prometheus(
  { registry, poolConnections, redisPeers }: Metrics,
  { database, store }: Pick<Dependencies, 'database' | 'store'>,
): AnyEndpoint[] {
  const readPools = () => {
    for (const { pool, ...states } of database.pools())
      for (const [state, number] of Object.entries(states)) poolConnections.set({ pool, state }, number);
  };
  /** While the master does not respond, the state of its replicas is unknown: no sample rather than a stale one. */
  const readPeers = async () => {
    const peers = await store.peers().catch(() => undefined);
    redisPeers.reset();
    for (const [kind, { up }] of Object.entries(peers ?? {})) redisPeers.set({ kind }, up);
  };
  return [
    endpoint({
      method: 'GET',
      path: '/metrics',
      service: 'operations',
      summary: 'Metrics for Prometheus',
      responses: { 200: { description: 'Prometheus text format', schema: z.string(), type: 'text/plain' } },
      async handle({ h }) {
        readPools();
        await readPeers();
        return h.response(await registry.metrics()).header('content-type', registry.contentType);
      },
    }),
  ];
}
