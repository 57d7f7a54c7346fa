import { didYouMean, inputError, type ProvisionError } from '../../errors.ts';

/** @throws ProvisionError (input) if the name of a snapshot is invalid */
export function requireName(snapshot: string): void {
  if (/^[A-Za-z][\w.-]{0,40}$/.test(snapshot)) return;
  throw inputError({
    place: 'snapshot',
    what: `"${snapshot}" is not a valid snapshot name`,
    why: 'expected a letter, then letters, digits, dots, _ and -',
  });
}

export const unknownSnapshot = (
  lab: string,
  machine: string,
  snapshot: string,
  known: readonly string[],
): ProvisionError =>
  inputError({
    place: machine,
    what: `there is no snapshot "${snapshot}"${didYouMean(snapshot, known)}`,
    why: known.length > 0 ? `its snapshots: ${known.join(', ')}` : 'the machine has no snapshots',
    todo: `take one: npm run lab -- snapshot ${snapshot} ${lab}`,
  });
