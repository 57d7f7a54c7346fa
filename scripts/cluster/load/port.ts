import { environmentsOf } from '../approach.ts';
import { portOf as nodePortOf } from '../chaos/kubernetes/ports.ts';

/**
 * The port of every machine at which an environment of an approach answers; by default, production. 80 without
 * environments.
 *
 * @throws ProvisionError (input) for an unknown environment
 */
export async function portOf(approach: string, named?: string): Promise<number> {
  const environments = await environmentsOf(approach, named);
  return environments.length === 0 ? 80 : nodePortOf(named ?? 'production');
}
