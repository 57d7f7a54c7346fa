import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { contained, removeDraft } from '../../../provision/computer/contained.ts';
import { privateFolder } from '../../../provision/computer/files.ts';
import { ensurePrograms } from '../../../provision/computer/install.ts';
import { withLock } from '../../../provision/computer/lock.ts';
import { debianTree, run } from '../../../provision/computer/mmdebstrap.ts';
import { computer } from '../../../provision/computer/programs.ts';
import { requireSpace } from '../../../provision/computer/space.ts';
import { ticking } from '../../../provision/computer/ticking.ts';
import { inputError } from '../../../provision/index.ts';
import { imagesFolder } from '../../../provision/machines/lab/folders.ts';
import { architecture } from '../../../provision/machines/qemu/architecture.ts';
import { initrdSettings, packages, since } from '../../../provision/machines/qemu/debian.ts';
import { imageNamed } from '../../../provision/machines/qemu/image.ts';
import { forImage } from '../../../provision/machines/qemu/programs.ts';
import { boxFiles, customise, diskScript } from './disk.ts';

export interface Box {
  /** Its name in Vagrant. */
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
}

export interface BoxOptions {
  readonly image: string;
  readonly yes: boolean;
  progress(line: string): void;
}

/** The programs for a disk with a boot loader, in addition to those for an image of the lab. */
const programs = [
  { name: 'sfdisk', package: 'fdisk' },
  { name: 'grub-mkimage', package: 'grub-common' },
  { name: '/usr/lib/grub/i386-pc/boot.img', package: 'grub-pc-bin' },
  { name: 'qemu-img', package: 'qemu-utils' },
];

/**
 * Builds a Vagrant box for libvirt from this computer's Debian package sources, once. It is for computers that cannot
 * download a box, and for the tests.
 *
 * @throws ProvisionError
 */
export async function buildBox({ image, yes, progress }: BoxOptions): Promise<Box> {
  const { name, suite } = imageFor(image);
  await ensurePrograms([...forImage('debian', computer().root), ...programs], { yes, progress });
  const parts = [suite, packages, since[suite], initrdSettings, customise, diskScript, boxFiles];
  const recipe = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
  const file = join(privateFolder(imagesFolder()), `box-${name}-${recipe}.box`);
  await withLock(file, 'building a box', progress, async () => {
    if (existsSync(file) && existsSync(`${file}.sha256`)) return;
    await ticking(progress, 'building', (update) => build(suite, file, update));
  });
  return { name: `theapp/${name}`, file, sha256: readFileSync(`${file}.sha256`, 'utf8').trim() };
}

/** @throws ProvisionError (input) */
function imageFor(option: string): { name: string; suite: string } {
  const named = imageNamed(option);
  if (named === 'auto' || named.suite === undefined) {
    throw inputError({ place: '--image', what: 'expected debian-13, debian-12 or debian' });
  }
  if (architecture().name === 'amd64') return { name: named.name, suite: named.suite };
  throw inputError({
    place: 'box',
    what: 'a box can only be built on amd64',
    why: `this computer is ${architecture().name}`,
  });
}

/** Builds a draft beside the file and renames it, so that the box is complete or missing. */
async function build(suite: string, file: string, update: (words: string) => void): Promise<void> {
  const draft = `${file}.draft`;
  await removeDraft(draft);
  privateFolder(join(draft, 'tmp'));
  requireSpace(draft, 4, 'building a box');
  const { root } = await contained();
  try {
    const included = ['linux-image-cloud-amd64', 'systemd-resolved', ...packages, ...(since[suite] ?? [])];
    const options = ['--variant=apt', `--essential-hook=${initrdSettings}`, `--customize-hook=${customise}`];
    const tar = join(draft, 'root.tar');
    await debianTree({ suite, packages: included, options, draft, file: tar }, update);
    update('building: writing the disk');
    for (const [name, text] of Object.entries(boxFiles)) writeFileSync(join(draft, name), text);
    await run([...root, 'sh', '-s'], { doing: 'writing the disk of a box', cwd: draft, input: diskScript });
    writeFileSync(`${file}.sha256`, `${await sha256(join(draft, 'made.box'))}\n`);
    renameSync(join(draft, 'made.box'), file);
  } finally {
    await removeDraft(draft);
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
