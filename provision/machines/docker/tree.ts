import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeDraft } from '../../computer/contained.ts';
import { privateFolder } from '../../computer/files.ts';
import { withLock } from '../../computer/lock.ts';
import { debianTree } from '../../computer/mmdebstrap.ts';
import { requireSpace } from '../../computer/space.ts';
import { ticking } from '../../computer/ticking.ts';
import { imagesFolder } from '../lab/folders.ts';
import type { System } from './system.ts';

/** The folder with the project's own files for an image. */
export const source = join(import.meta.dirname, 'image');

const text = (name: string) => readFileSync(join(source, name), 'utf8');

/** The packages of a machine, without those that require its own kernel or devices. */
export const packages = [
  'systemd-sysv',
  'dbus',
  'libpam-systemd',
  'openssh-server',
  'sudo',
  'e2fsprogs',
  'ca-certificates',
  'iproute2',
  'iputils-ping',
  'netbase',
  'procps',
  'kmod',
  'less',
  'curl',
  'tzdata',
  'unattended-upgrades',
];

/** A short hash of everything that defines an image. A different recipe means a different image. */
export function recipeOf({ name, base }: System): string {
  const parts = [name, base, packages, text('Dockerfile'), text('setup.sh'), text('start.sh')];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
}

/** The settings at the end of the Dockerfile, which `docker import` cannot read from the archive. */
export const changes = text('Dockerfile')
  .split('\n')
  .filter((line) => /^(ENV|CMD) /.test(line));

/**
 * Builds a Debian system from this computer's package sources, once, as a tar archive for `docker import`.
 *
 * @throws ProvisionError (failed) with the builder's output
 */
export async function treeOf(system: System, progress: (line: string) => void): Promise<string> {
  const file = join(privateFolder(imagesFolder()), `container-${system.name}-${recipeOf(system)}.tar`);
  await withLock(file, `building ${system.name} for containers`, progress, async () => {
    if (existsSync(file)) return;
    const draft = `${file}.draft`;
    await removeDraft(draft);
    privateFolder(join(draft, 'tmp'));
    requireSpace(draft, 2, 'building a system for containers');
    const { suite, packages: more } = system;
    const tree = { suite, packages: [...packages, ...more], draft, file: join(draft, 'root.tar') };
    const options = ['--variant=apt', `--customize-hook=${customise()}`];
    await ticking(progress, 'building', (update) => debianTree({ ...tree, options }, update));
    renameSync(tree.file, file);
    await removeDraft(draft);
  });
  return file;
}

/** COPY and RUN of the Dockerfile. The script contains the files, which the builder's user namespace cannot read. */
const customise = () => `set -e
mkdir -p "$1/usr/local/lib/machine"
${['setup.sh', 'start.sh'].map(copied).join('\n')}
chroot "$1" sh /usr/local/lib/machine/setup.sh
rm -f "$1"/etc/hosts "$1"/etc/hostname "$1"/etc/resolv.conf`;

const copied = (name: string) =>
  `cat >"$1/usr/local/lib/machine/${name}" <<'END-OF-FILE'\n${text(name)}END-OF-FILE`;
