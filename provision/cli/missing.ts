import { failure } from '../errors.ts';
import type { Approach } from '../language/approach.ts';

/**
 * Refuses to create machines for a command that needs what already runs on them, such as a deployment.
 *
 * @returns a function of the names of missing machines, which throws
 */
export const refusal =
  (name: string, { environments = [] }: Approach, all: readonly string[]) =>
  (missing: readonly string[]): never => {
    const provision = `npm run provision -- ${name}`;
    const many = missing.length > 1;
    if (missing.length < all.length)
      throw failure({
        place: name,
        what: `the ${many ? 'machines' : 'machine'} ${missing.join(' and ')} ${many ? 'do' : 'does'} not exist`,
        todo: `${provision} creates ${many ? 'them' : 'it'}; or remove ${many ? 'them' : 'it'} from machines.yml`,
      });
    throw failure({
      place: name,
      what: environments.length > 0 ? 'there is no cluster yet' : 'nothing is installed yet',
      why: 'its machines do not exist',
      todo: `create the machines, and everything on them: ${provision}`,
    });
  };
