import { z } from 'zod';
import { type AnyEndpoint, endpoint } from './endpoint.ts';
import type { Metrics } from './metrics.ts';

/** `/metrics`, for Prometheus to read. */
export function scrape({ registry }: Metrics): AnyEndpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/metrics',
      service: 'operations',
      summary: 'What Prometheus scrapes',
      answers: { 200: { description: 'Prometheus text format', schema: z.string(), type: 'text/plain' } },
      handle: async ({ h }) =>
        h.response(await registry.metrics()).header('content-type', registry.contentType),
    }),
  ];
}
