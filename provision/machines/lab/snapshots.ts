import { didYouMean, inputError, type ProvisionError } from '../../errors.ts';

/** @throws ProvisionError (input) when a snapshot cannot be called so */
export function requireName(snapshot: string): void {
  if (/^[A-Za-z][\w.-]{0,40}$/.test(snapshot)) return;
  throw inputError({
    place: 'snapshot',
    what: `"${snapshot}" is no name of a snapshot`,
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
    what: `has no snapshot "${snapshot}"${didYouMean(snapshot, known)}`,
    why: known.length > 0 ? `it has ${known.join(', ')}` : 'it has none',
    todo: `npm run lab -- snapshot ${snapshot} ${lab}`,
  });
