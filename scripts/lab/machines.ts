import { didYouMean, failure, inputError } from '../../provision/index.ts';
import { machineFolder } from '../../provision/machines/lab/folders.ts';
import { machinesOf, readSaved } from '../../provision/machines/qemu/state.ts';

/** The machine of that name, or all. @throws ProvisionError when there is none */
export function machinesNamed(approach: string, machine: string | undefined): string[] {
  const names = machinesOf(approach);
  if (machine === undefined && names.length > 0) return names;
  if (machine !== undefined && names.includes(machine)) return [machine];
  throw noMachine(approach, machine ?? '', names);
}

/** What is kept of a machine. @throws ProvisionError (failed) when its making was broken off */
export function savedMachine(approach: string, name: string) {
  const saved = readSaved(machineFolder(approach, name));
  if (saved) return saved;
  throw failure({ place: name, what: 'is not whole', todo: `npm run lab -- up ${approach}` });
}

export function noMachine(approach: string, machine: string, names: readonly string[]): Error {
  if (names.length === 0)
    return failure({ place: approach, what: 'has no machines', todo: `npm run lab -- up ${approach}` });
  return inputError({
    place: '-m',
    what: `there is no machine "${machine}"${didYouMean(machine, names)}`,
    why: `there are ${names.join(', ')}`,
  });
}
