import { methodNotAllowed } from '@hapi/boom';
import { z } from 'zod';
import { type Dependencies, Unavailable } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import { logUnavailable } from '../../http/request/serviceUnavailable.ts';

/** `GET /counter/{id}`: a number that nobody else is given. `GET /ping`: whether Redis, which counts, answers. */
export function counter({ store }: Pick<Dependencies, 'store'>): AnyEndpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/counter/{id}',
      root: '/{id}',
      service: 'counter',
      summary: 'Counts, and answers the new number, which nobody else is given',
      params: z.strictObject({ id }),
      responses: {
        200: { description: 'The number, 1 the first time', schema: z.object({ count: z.int().min(1) }) },
        400: { description: 'Not the name of a counter' },
        503: { description: 'Not counted, or counted without anybody being given the number: ask again' },
      },
      async handle({ params: { id }, request, h }) {
        // hapi lets GET answer HEAD: that would take a number which nobody gets to see.
        if (request.method === 'head') throw methodNotAllowed('Ask with GET', undefined, 'GET');
        const count = await store.increment(`counter:${id}`);
        return h.response({ count }).header('cache-control', 'no-store');
      },
    }),
    endpoint({
      method: 'GET',
      path: '/ping',
      root: '/ping',
      service: 'counter',
      summary: 'Whether Redis answers',
      responses: {
        200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) },
        500: { description: 'It does not', schema: z.object(notOk) },
      },
      async handle({ request, h }) {
        try {
          await store.ping();
          return h.response({ status: 'ok' }).header('cache-control', 'no-store');
        } catch (error) {
          if (!(error instanceof Unavailable)) throw error;
          logUnavailable(request, error);
          return h.response(down).code(500);
        }
      },
    }),
  ];
}

const id = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'expected 1 to 64 letters, digits or _ . : -')
  .describe('1 to 64 letters, digits or _ . : -');

const down = { statusCode: 500, error: 'Internal Server Error', message: 'Redis does not answer' };

const notOk = { statusCode: z.literal(500), error: z.string(), message: z.string() };
