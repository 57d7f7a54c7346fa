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

/** What makes an image, beside the official one or mmdebstrap. */
export const source = join(import.meta.dirname, 'image');

const text = (name: string) => readFileSync(join(source, name), 'utf8');

/** What a machine has. Without what only a kernel and devices of one's own want. */
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

/** What an image is made by, in a few letters: another recipe is another image. */
export function recipeOf({ name, base }: System): string {
  const parts = [name, base, packages, text('Dockerfile'), text('setup.sh'), text('start.sh')];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
}

/** What `docker import` is told besides the archive: what the Dockerfile says at its end. */
export const changes = text('Dockerfile')
  .split('\n')
  .filter((line) => /^(ENV|CMD) /.test(line));

/**
 * A Debian as a tar archive for `docker import`, from this computer's package sources; made once.
 *
 * @throws ProvisionError (failed) with the builder's own words
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
    await ticking(progress, 'building', (say) => debianTree({ ...tree, options }, say));
    renameSync(tree.file, file);
    await removeDraft(draft);
  });
  return file;
}

/** The Dockerfile's COPY and RUN. In another user namespace the files themselves could not be read. */
const customise = () => `set -e
mkdir -p "$1/usr/local/lib/machine"
${['setup.sh', 'start.sh'].map(copied).join('\n')}
chroot "$1" sh /usr/local/lib/machine/setup.sh
rm -f "$1"/etc/hosts "$1"/etc/hostname "$1"/etc/resolv.conf`;

const copied = (name: string) =>
  `cat >"$1/usr/local/lib/machine/${name}" <<'END-OF-FILE'\n${text(name)}END-OF-FILE`;
