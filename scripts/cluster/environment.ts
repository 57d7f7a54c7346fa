import { loadApproach, locate } from '../../provision/cli/approaches.ts';
import { inputError } from '../../provision/index.ts';
import { oneOf } from '../command/options.ts';

/** Makes sure that an approach has an environment. @throws ProvisionError (input) */
export async function requireEnvironment(approach: string, name: string): Promise<void> {
  const { environments = [] } = await loadApproach(locate(approach));
  if (environments.length === 0) throw inputError({ what: `${approach} has no environments` });
  oneOf('environment', environments, name);
}
