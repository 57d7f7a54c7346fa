import type { Request, ResponseToolkit } from '@hapi/hapi';
import { z } from 'zod';
import { type Counts, type Dependencies, Unavailable } from '../../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../../http/endpoint.ts';
import type { Metrics } from '../../http/operations/metrics.ts';
import { logUnavailable } from '../../http/request/serviceUnavailable.ts';
import { cache } from '../cache.ts';
import { findType, isPokemonType, pokemonName, pokemonTypes } from './pokemon.ts';

/** `GET /{pokemon}`: its type from MySQL through Redis, how often it was asked for from Memcached. */
export function pokedex({ database, store, counts }: Dependencies, metrics: Metrics): AnyEndpoint[] {
  // They change with a migration only, so the cache may be old for longer than elsewhere.
  const cached = cache(store, metrics, { service: 'pokedex', seconds: 300, isValid: isPokemonType });
  const typeOf = (name: string) => cached.readThrough(`pokemon:${name}`, () => findType(database, name));
  const countOf = hitCounter(counts, metrics);
  const known = new Set<string>();

  /** The type and the count; those that are known to be there need not be looked up before they are counted. */
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
      summary: 'The type of a pokémon and how often it was asked for',
      params: z.strictObject({ pokemon: pokemonName }),
      responses,
      onInvalid: (problems, { request, h }) =>
        // A name with a dot is a file that browsers and robots ask for; it is not here, and MySQL need not say so.
        request.path.includes('.')
          ? errorResponse(h, 404)
          : errorResponse(h, 400, problems.map(({ message }) => message).join('; ')),
      async handle({ params, request, h }) {
        try {
          // HEAD has no use for the count.
          const data = await lookUp(params.pokemon, request.method !== 'head');
          return data ? { statusCode: 200, data } : errorResponse(h, 404);
        } catch (error) {
          return serviceUnavailable(error, request, h);
        }
      },
    }),
  ];
}

/** The count without Memcached is null. */
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
  400: { type: 'BAD_REQUEST', description: 'Not a name' },
  404: { type: 'RESOURCE_NOT_FOUND', description: 'There is no pokémon of that name' },
  503: { type: 'SERVICE_UNAVAILABLE', description: 'Try again soon' },
};

/** An error in the form of the pokédex. */
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
  count: z.int().min(1).nullable().describe('null while Memcached does not answer'),
});

const responses = {
  200: {
    description: 'The pokémon',
    schema: z.object({ statusCode: z.literal(200), data: pokemonSchema }),
  },
  400: { description: 'Not a name', schema: errorSchema(400) },
  404: { description: 'No such pokémon', schema: errorSchema(404) },
  503: { description: 'MySQL does not answer, and Redis does not have it', schema: errorSchema(503) },
};
