import { methodNotAllowed } from '@hapi/boom';
import { z } from 'zod';
import { type Dependencies, Unavailable } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import { logUnavailable } from '../../http/request/serviceUnavailable.ts';

/** `GET /counter/{id}`: a unique, increasing number. `GET /ping`: whether Redis responds. */
export function counter({ store }: Pick<Dependencies, 'store'>): AnyEndpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/counter/{id}',
      root: '/{id}',
      service: 'counter',
      summary: 'Increments the counter and returns the new number, which no other caller gets',
      params: z.strictObject({ id }),
      responses: {
        200: { description: 'The new number, 1 the first time', schema: z.object({ count: z.int().min(1) }) },
        400: { description: 'Invalid counter id' },
        503: {
          description: 'The counter may have been incremented, but no caller gets that number: try again',
        },
      },
      async handle({ params: { id }, request, h }) {
        // hapi routes HEAD to GET handlers: that would consume a number that nobody sees.
        if (request.method === 'head') throw methodNotAllowed('Use GET', undefined, 'GET');
        const count = await store.increment(`counter:${id}`);
        return h.response({ count }).header('cache-control', 'no-store');
      },
    }),
    endpoint({
      method: 'GET',
      path: '/ping',
      root: '/ping',
      service: 'counter',
      summary: 'Whether Redis responds',
      responses: {
        200: { description: 'Redis responds', schema: z.object({ status: z.literal('ok') }) },
        500: { description: 'Redis does not respond', schema: z.object(pingFailedSchema) },
      },
      async handle({ request, h }) {
        try {
          await store.ping();
          return h.response({ status: 'ok' }).header('cache-control', 'no-store');
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error;
          logUnavailable(request, error);
          return h.response(pingFailed).code(500);
        }
      },
    }),
  ];
}

const id = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'expected 1 to 64 letters, digits or _ . : -')
  .describe('1 to 64 letters, digits or _ . : -');

const pingFailed = { statusCode: 500, error: 'Internal Server Error', message: 'Redis does not respond' };

const pingFailedSchema = { statusCode: z.literal(500), error: z.string(), message: z.string() };
