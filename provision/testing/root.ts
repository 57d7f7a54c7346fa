import { spawnSync } from 'node:child_process';
import { locate } from '../computer/programs.ts';

/**
 * What root of a namespace sees: its own home and /run, and a copy of /etc that it owns. The computer's /etc has no
 * owner there. The copy lacks the files that only the computer's root can read; shadow files and sudoers are new.
 */
const view = `mount -t tmpfs -o mode=700 root /root
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=755 etc /mnt
cp -r --no-dereference --preserve=mode,timestamps /etc/. /mnt 2>/dev/null || :
sed 's/:.*/:*:19000:0:99999:7:::/' /etc/passwd >/mnt/shadow
sed 's/:.*/:*::/' /etc/group >/mnt/gshadow
printf 'root ALL=(ALL:ALL) ALL\\n' >/mnt/sudoers
chmod 440 /mnt/shadow /mnt/gshadow /mnt/sudoers
mount --move /mnt /etc
`;
const loopback = 'ip link set lo up\n';

export interface Needs {
  /** Its own network as well, for raw sockets. */
  readonly network?: boolean;
}

/**
 * Makes the test file run as root. For root it does nothing. Any other user becomes root of a user namespace that has
 * many users (user_namespaces(7)) and its own mounts: this process is replaced by Node, which runs the same file from
 * its beginning. Call it before anything else.
 *
 * @returns the reason why this is not possible, for the `skip` of the tests that need root
 */
export function becomeRoot({ network = false }: Needs = {}): string | false {
  if (process.getuid?.() === 0) return false;
  const flags = ['--map-root-user', '--map-auto', '--mount', ...(network ? ['--net'] : [])];
  return enter(flags, `${view}${network ? loopback : ''}`, { HOME: '/root' });
}

/**
 * Replaces this process by Node, which runs the same file from its beginning, in new namespaces and after a script.
 *
 * @returns the reason why this user cannot do that, for `skip`
 */
export function enter(
  flags: readonly string[],
  script: string,
  env: Readonly<Record<string, string>>,
): string {
  const unshare = locate('unshare');
  if (!unshare || process.execve === undefined)
    return 'needs unshare, and Node.js 22.15 or later (process.execve)';
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const around = [...flags, 'sh', '-c', `set -e\n${script}exec "$@"`, 'sh'];
  const { status, stderr } = spawnSync(unshare, [...around, 'true'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  if (status !== 0) return refused(stderr);
  const node = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  return process.execve(unshare, ['unshare', ...around, ...node], { ...process.env, PATH: path, ...env });
}

/** Why a namespace could not be created, and what the user can do about it. */
function refused(output: string): string {
  if (output.includes('newuidmap') && !locate('newuidmap'))
    return 'needs root, or a user namespace with many users: apt-get install uidmap';
  const why = output.trim().split('\n').at(-1) ?? '';
  return `needs root, or user namespaces, which this computer does not allow: ${why}`;
}
