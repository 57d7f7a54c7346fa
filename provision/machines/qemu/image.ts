import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { didYouMean, inputError } from '../../errors.ts';

/** What a machine boots. `debian` images are made here and boot their kernel directly, others bring cloud-init. */
export interface Image {
  readonly kind: 'debian' | 'cloud';
  readonly name: string;
  /** The suite of a Debian image. */
  readonly suite?: string;
  /** A disk image of the user's own. */
  readonly file?: string;
  /** Its kernel is newer than what QEMU 7 can emulate. */
  readonly modern: boolean;
}

const debian13: Image = { kind: 'debian', name: 'debian-13', suite: 'trixie', modern: true };
export const ubuntu: Image = { kind: 'cloud', name: 'ubuntu-24.04', modern: true };

const known: Record<string, Image> = {
  'ubuntu-24.04': ubuntu,
  'debian-13': debian13,
  'debian-12': { kind: 'debian', name: 'debian-12', suite: 'bookworm', modern: false },
  debian: debian13,
};

/** What stands in for the image that `auto` means, where that cannot be had. */
export const fallback = debian13;

/** What `--image` means; `auto` is decided by who can be reached. @throws ProvisionError (input) */
export function imageNamed(option: string): Image | 'auto' {
  if (option === 'auto') return 'auto';
  const image = known[option];
  if (image) return image;
  const file = resolve(option);
  if (existsSync(file) && statSync(file).isFile()) {
    return { kind: 'cloud', name: `file-${basename(file).replace(/[^\w.-]/g, '-')}`, file, modern: true };
  }
  const words = ['auto', ...Object.keys(known)];
  throw inputError({
    place: '--image',
    what: `"${option}" is no image and no file${didYouMean(option, words)}`,
    why: `expected ${words.join(', ')}, or a disk image with cloud-init`,
  });
}

/** Files of an image that stands in `folder`. */
export interface Prepared {
  readonly image: Image;
  readonly folder: string;
  readonly disk: string;
  readonly format: 'raw' | 'qcow2';
  /** Booted directly, without a boot loader. */
  readonly kernel?: { readonly vmlinuz: string; readonly initrd: string };
  /** A disk from which cloud-init takes the first identity. */
  readonly seed?: string;
}

/** The files that `buildDebian` leaves in a folder. */
export function builtDebian(image: Image, folder: string): Prepared {
  return {
    image,
    folder,
    disk: join(folder, 'disk.raw'),
    format: 'raw',
    kernel: { vmlinuz: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') },
  };
}
