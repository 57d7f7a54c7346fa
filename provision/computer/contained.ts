import { readFileSync, rmSync } from 'node:fs';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import { computer } from './programs.ts';

/** Words that go before a command of the image builder, so that it leaves nothing behind however it ends. */
export interface Contained {
  /** For mmdebstrap, which makes a user namespace of its own where the caller is not root. */
  readonly builder: readonly string[];
  /** For what has to be root: where the caller is not, root of a namespace in which the caller's files are root's. */
  readonly root: readonly string[];
}

/**
 * The builder mounts file systems and starts many processes. In namespaces of their own the mounts go with the last
 * process, and the processes with this one, even when it is killed: `setpriv --pdeathsig`, `unshare --kill-child`.
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
  // in some containers root may not
  const { exitCode } = await execa(program, args, { reject: false });
  const words = exitCode === 0 ? [...die, ...own] : die;
  return { builder: words, root: words };
}

/**
 * Removes a draft with everything in it, also what belongs to other users of the caller's namespace. Never through
 * a mount: that would be this computer's own /sys or /dev.
 *
 * @throws ProvisionError (failed) when something is still mounted there
 */
export async function removeDraft(draft: string): Promise<void> {
  const mounts = mountsBelow(draft, readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mounts.length > 0) {
    const todo = `umount ${mounts.toReversed().join(' ')}`;
    throw failure({ place: draft, what: 'an interrupted build has left file systems mounted', todo });
  }
  try {
    rmSync(draft, { recursive: true, force: true });
  } catch {
    const [program = '', ...args] = [...(await contained()).root, 'rm', '-rf', '--one-file-system', draft];
    await execa(program, args);
  }
}

/** Mount points in a folder, by proc(5)'s mountinfo: the fifth word, blanks written as \040. */
export function mountsBelow(folder: string, mountinfo: string): string[] {
  const points = mountinfo.split('\n').map((row) => (row.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  return points.filter((point) => point.startsWith(`${folder}/`));
}
