import type { Request, ResponseToolkit } from '@hapi/hapi';
import { z } from 'zod';
import { type Counts, type Dependencies, Unavailable } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import type { Metrics } from '../../http/operations/metrics.ts';
import { logUnavailable } from '../../http/request/serviceUnavailable.ts';
import { cache } from '../cache.ts';
import { findType, isPokemonType, pokemonName, pokemonTypes } from './pokemon.ts';

/** `GET /{pokemon}`: the type from MySQL, cached in Redis, and the number of requests from Memcached. */
export function pokedex({ database, store, counts }: Dependencies, metrics: Metrics): AnyEndpoint[] {
  // Pokémon change only with a migration, so they can be cached for longer.
  const cached = cache(store, metrics, { service: 'pokedex', seconds: 300, isValid: isPokemonType });
  const typeOf = (name: string) => cached.readThrough(`pokemon:${name}`, () => findType(database, name));
  const countOf = hitCounter(counts, metrics);
  const known = new Set<string>();

  /** The type and the count. A known pokémon is counted without waiting for the lookup of its type. */
  async function lookUp(name: string, counted: boolean) {
    const count = () => (counted ? countOf(name) : null);
    const [type, early] = await Promise.all([typeOf(name), known.has(name) ? count() : undefined]);
    known[type ? 'add' : 'delete'](name);
    return type && { name, type, count: early === undefined ? await count() : early };
  }

  return [
    endpoint({
      method: 'GET',
      path: '/{pokemon}',
      root: '/{pokemon}',
      service: 'pokedex',
      summary: 'The type of a pokémon and how often it was requested',
      params: z.strictObject({ pokemon: pokemonName }),
      responses,
      onInvalid: (problems, { request, h }) =>
        // A name with a dot is a file that browsers and robots request: return 404 without a query.
        request.path.includes('.')
          ? errorResponse(h, 404)
          : errorResponse(h, 400, problems.map(({ message }) => message).join('; ')),
      async handle({ params, request, h }) {
        try {
          // HEAD does not return the count, so it does not count.
          const data = await lookUp(params.pokemon, request.method !== 'head');
          return data ? { statusCode: 200, data } : errorResponse(h, 404);
        } catch (error) {
          return serviceUnavailable(error, request, h);
        }
      },
    }),
  ];
}

/** Counts a request; null while Memcached is unavailable. */
const hitCounter = (counts: Counts, metrics: Metrics) => async (name: string) => {
  try {
    return await counts.increment(`pokemon:${name}`);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    metrics.degraded.labels('pokedex', 'count').inc();
    return null;
  }
};

const errors = {
  400: { type: 'BAD_REQUEST', description: 'Invalid name' },
  404: { type: 'RESOURCE_NOT_FOUND', description: 'There is no pokémon with this name' },
  503: { type: 'SERVICE_UNAVAILABLE', description: 'Try again soon' },
};

/** An error in the format of the pokédex. */
function errorResponse(h: ResponseToolkit, statusCode: keyof typeof errors, description?: string) {
  const error = { ...errors[statusCode], ...(description ? { description } : {}) };
  return h.response({ statusCode, error }).code(statusCode);
}

function serviceUnavailable(error: unknown, request: Request, h: ResponseToolkit) {
  if (!(error instanceof Unavailable)) throw error;
  logUnavailable(request, error);
  return errorResponse(h, 503).header('retry-after', '1');
}

const errorSchema = (statusCode: keyof typeof errors) =>
  z.object({
    statusCode: z.literal(statusCode),
    error: z.object({ type: z.literal(errors[statusCode].type), description: z.string() }),
  });

const pokemonSchema = z.object({
  name: z.string(),
  type: z.enum(pokemonTypes),
  count: z.int().min(1).nullable().describe('null while Memcached is unavailable'),
});

const responses = {
  200: {
    description: 'The pokémon',
    schema: z.object({ statusCode: z.literal(200), data: pokemonSchema }),
  },
  400: { description: 'Invalid name', schema: errorSchema(400) },
  404: { description: 'No such pokémon', schema: errorSchema(404) },
  503: {
    description: 'MySQL is unavailable, and the pokémon is not cached in Redis',
    schema: errorSchema(503),
  },
};
