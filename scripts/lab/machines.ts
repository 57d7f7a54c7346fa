import { didYouMean, failure, inputError } from '../../provision/index.ts';
import type { Door } from '../../provision/machines/lab/door.ts';
import { kindOf, statusOf } from './kinds.ts';

/** The names of all machines, or only the given one. @throws ProvisionError if it does not exist */
export async function machinesNamed(approach: string, machine: string | undefined): Promise<string[]> {
  const names = (await statusOf(approach)).map(({ name }) => name);
  if (machine === undefined && names.length > 0) return names;
  if (machine !== undefined && names.includes(machine)) return [machine];
  throw noMachine(approach, machine ?? '', names);
}

/** The SSH access to a machine, which must be named if there are several. @throws ProvisionError */
export async function doorTo(approach: string, machine: string | undefined): Promise<Door> {
  const names = await machinesNamed(approach, machine);
  const [name = ''] = names;
  if (names.length > 1) {
    throw inputError({
      place: approach,
      what: `has several machines: ${names.join(', ')}`,
      todo: `choose one: npm run lab -- ssh -m ${name} ${approach}`,
    });
  }
  const door = await (await kindOf(approach)).doorOf(approach, name);
  if (door) return door;
  throw failure({ place: name, what: 'was not created completely', todo: `npm run lab -- up ${approach}` });
}

function noMachine(approach: string, machine: string, names: readonly string[]): Error {
  if (names.length === 0)
    return failure({ place: approach, what: 'has no machines', todo: `npm run lab -- up ${approach}` });
  return inputError({
    place: '-m',
    what: `there is no machine "${machine}"${didYouMean(machine, names)}`,
    why: `its machines: ${names.join(', ')}`,
  });
}
