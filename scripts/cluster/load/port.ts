import { valuesOf } from '../../../approaches/approach_4/theapp/values.ts';
import { failure } from '../../../provision/index.ts';
import { environmentsOf, USUAL } from '../approach.ts';

/**
 * The port of every machine at which an environment of an approach answers; by default, production. 80 without
 * environments.
 *
 * @throws ProvisionError (input) for an unknown environment
 */
export async function portOf(approach: string, named?: string): Promise<number> {
  const environments = await environmentsOf(approach, named);
  return environments.length === 0 ? 80 : nodePortOf(named ?? USUAL);
}

/** The port of an environment on every node, from the values of its chart. */
export function nodePortOf(environment: string): number {
  const { edge } = valuesOf('chart', environment) as { edge?: { service?: { nodePort?: number } } };
  const port = edge?.service?.nodePort;
  if (port !== undefined) return port;
  throw failure({ place: environment, what: 'has no port that every node answers on' });
}
