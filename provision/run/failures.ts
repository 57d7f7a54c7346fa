import { failure, ProvisionError } from '../errors.ts';
import type { Change } from '../language/resource.ts';
import type { Reply, Seen } from '../shell/exchange.ts';
import { type Item, title } from './items.ts';

/** Thrown between two changes when the user has asked the run to stop. */
export const stopped = () =>
  failure({ what: 'stopped as requested', todo: 'run the same command again to continue' });

export const probesFailed = (role: string, { code, stderr }: Seen): ProvisionError =>
  failure({
    place: role,
    what: 'the host could not be probed',
    why: code === 124 ? 'the probes did not finish in time' : `exit code ${code}`,
    said: stderr,
    todo: 'check the host for a full disk, heavy load or missing commands, then run again',
  });

export const notConverged = ({ role, resource }: Item, left: readonly Change[]): ProvisionError =>
  failure({
    place: `${role}: ${title(resource)}`,
    what: 'the change was applied, but the host still differs',
    why: left.map(({ summary }) => summary).join('; '),
    todo: 'check whether something on the host reverts it, or whether another resource contradicts it',
  });

/** The changes that `plan` asks for. @throws ProvisionError with the resource as its place */
export function decide({ role, resource }: Item, state: unknown): readonly Change[] {
  try {
    return resource.plan(state);
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    throw failure({ place: `${role}: ${title(resource)}`, ...error.parts }, error);
  }
}

/**
 * @param names those of the steps, in order
 * @param todo what to do, unless the output tells
 * @throws ProvisionError (failed) for the first step that failed
 */
export function failIfFailed(
  { steps }: Reply,
  place: string,
  names: readonly string[],
  timeout: number,
  todo?: string,
): void {
  const at = steps.findIndex(({ code }) => code !== 0);
  const failed = steps[at];
  if (!failed) return;
  const { code, stdout, stderr } = failed;
  throw failure({
    place,
    what: `${names[at]} failed`,
    why: code === 124 ? `it did not finish within ${timeout} s and was killed` : `exit code ${code}`,
    said: stderr.trim() === '' ? stdout : stderr,
    todo: hint(stderr) ?? todo ?? 'run again with -v to see the whole output',
  });
}

/** Advice for the failures that any command can have. */
function hint(output: string): string | undefined {
  if (/No space left on device|printf: I\/O error/.test(output))
    return 'the disk is full: run df -h on the host to see which one, make room, then run again';
  if (/Read-only file system/.test(output))
    return 'a file system is mounted read-only: run dmesg on the host to see why';
  if (/Temporary failure (in name resolution|resolving)/.test(output))
    return 'the host cannot resolve names: check its DNS';
  return undefined;
}
