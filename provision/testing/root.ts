import { spawnSync } from 'node:child_process';
import { locate } from '../computer/programs.ts';

/**
 * What root of a namespace sees: a home and a /run of its own, and an /etc that belongs to it. The computer's /etc belongs to
 * nobody there; what only the computer's root may read is left out, and the shadow files and sudoers are written anew.
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
  /** A network of its own as well, for raw sockets and the like. */
  readonly network?: boolean;
}

/**
 * Makes the test file run as root. Root stays what it is. Any other user becomes root of a user namespace with all
 * users in it (user_namespaces(7)), with mounts of its own: this process becomes Node with the same file from its
 * beginning. Call it before anything else. Answers why that cannot be, for the `skip` of the tests that need root.
 */
export function becomeRoot({ network = false }: Needs = {}): string | false {
  if (process.getuid?.() === 0) return false;
  const flags = ['--map-root-user', '--map-auto', '--mount', ...(network ? ['--net'] : [])];
  return enter(flags, `${view}${network ? loopback : ''}`, { HOME: '/root' });
}

/**
 * This process becomes Node with the same file from its beginning, after a script in namespaces of its own. Answers
 * why this user may not, in words for `skip`.
 */
export function enter(
  flags: readonly string[],
  script: string,
  env: Readonly<Record<string, string>>,
): string {
  const unshare = locate('unshare');
  if (!unshare || process.execve === undefined) return 'needs unshare, and process.execve of Node 22.15';
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

/** Why a namespace could not be made, and what a person does about it. */
function refused(said: string): string {
  const why = said.trim().split('\n').at(-1) ?? '';
  if (!locate('newuidmap')) return 'needs a user namespace with many users: apt-get install uidmap';
  return `needs root, or user namespaces, which this computer refuses: ${why}`;
}
