import { z } from 'zod';
import type { Database } from '../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from './endpoint.ts';
import type { Metrics } from './metrics.ts';

/** `/metrics`, for Prometheus to read. */
export function scrape({ registry, poolConnections }: Metrics, { pools }: Database): AnyEndpoint[] {
  const readPools = () => {
    for (const { pool, ...states } of pools())
      for (const [state, number] of Object.entries(states)) poolConnections.set({ pool, state }, number);
  };
  return [
    endpoint({
      method: 'GET',
      path: '/metrics',
      service: 'operations',
      summary: 'What Prometheus scrapes',
      answers: { 200: { description: 'Prometheus text format', schema: z.string(), type: 'text/plain' } },
      async handle({ h }) {
        readPools();
        return h.response(await registry.metrics()).header('content-type', registry.contentType);
      },
    }),
  ];
}
