import { readFileSync, rmSync } from 'node:fs';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import { computer } from './programs.ts';

/** Prefixes for commands of the image builder, so that these leave nothing behind however they end. */
export interface Contained {
  /** For mmdebstrap, which creates its own user namespace if the caller is not root. */
  readonly builder: readonly string[];
  /** For commands that need root; for other users, root of a user namespace in which the caller's files belong to root. */
  readonly root: readonly string[];
}

/**
 * The builder mounts file systems and starts many processes. In separate namespaces the mounts disappear with the
 * last process, and the processes end with this one, even if it is killed (`setpriv --pdeathsig`, `unshare
 * --kill-child`).
 */
export async function contained(): Promise<Contained> {
  const die = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const processes = ['--pid', '--fork', '--kill-child'];
  if (!computer().root) {
    const root = [...die, 'unshare', '--map-root-user', '--map-auto', ...processes, '--'];
    return { builder: ['setpriv', '--pdeathsig', 'TERM', '--'], root };
  }
  const own = ['unshare', '--mount', ...processes, '--mount-proc', '--'];
  const [program = '', ...args] = [...own, 'true'];
  // In some containers root cannot create namespaces.
  const { exitCode } = await execa(program, args, { reject: false });
  const prefix = exitCode === 0 ? [...die, ...own] : die;
  return { builder: prefix, root: prefix };
}

/**
 * Removes a draft with its contents, including files of other users in the caller's namespace. It never descends into a
 * mount, which could be this computer's own /sys or /dev.
 *
 * @throws ProvisionError (failed) if file systems are still mounted there
 */
export async function removeDraft(draft: string): Promise<void> {
  const mounts = mountsBelow(draft, readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mounts.length > 0) {
    const todo = `unmount them: umount ${mounts.toReversed().join(' ')}`;
    throw failure({ place: draft, what: 'an interrupted build left file systems mounted here', todo });
  }
  try {
    rmSync(draft, { recursive: true, force: true });
  } catch {
    const [program = '', ...args] = [...(await contained()).root, 'rm', '-rf', '--one-file-system', draft];
    await execa(program, args);
  }
}

/** The mount points below a folder, from mountinfo (proc(5)): the fifth field, with spaces encoded as \040. */
export function mountsBelow(folder: string, mountinfo: string): string[] {
  const points = mountinfo.split('\n').map((row) => (row.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  return points.filter((point) => point.startsWith(`${folder}/`));
}
