import { Argument } from 'commander';
import { loadApproach, locate, ROOT } from '../../provision/cli/approaches.ts';
import { inputError } from '../../provision/index.ts';
import { type Vault, vaultOf } from '../../provision/secrets/vault.ts';
import { oneOf } from '../command/options.ts';

export const approachArgument = () =>
  new Argument('<approach>', 'an approach that has environments, such as approach_4').argParser(
    (name: string) => {
      locate(name);
      return name;
    },
  );
export const environmentArgument = () =>
  new Argument('<environment>', 'one of its environments, such as staging');

/** The secrets of an approach that are not rotated, each with what to do instead. */
export const fixedIn = async (approach: string): Promise<Readonly<Record<string, string>>> =>
  (await loadApproach(locate(approach))).fixedSecrets ?? {};

/** The secrets that two words name. @throws ProvisionError (input) */
export async function vaultFor(approach: string, environment: string): Promise<Vault> {
  const location = locate(approach);
  const { environments = [] } = await loadApproach(location);
  if (environments.length === 0)
    throw inputError({
      what: `${location.name} has no environments`,
      why: 'its secrets are generated, and are in .secrets/',
    });
  return vaultOf(location, oneOf('environment', environments, environment), ROOT);
}
