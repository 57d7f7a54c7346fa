import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { didYouMean, inputError } from '../../errors.ts';

/** An image. `debian` images are built here and boot their kernel directly; others use cloud-init. */
export interface Image {
  readonly kind: 'debian' | 'cloud';
  readonly name: string;
  /** The suite of a Debian image. */
  readonly suite?: string;
  /** A disk image supplied by the user. */
  readonly file?: string;
  /** Whether its kernel is too new for emulation by QEMU 7. */
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

/** The image used for `auto` if Ubuntu's image cannot be downloaded. */
export const fallback = debian13;

/** Resolves the value of `--image`; `auto` depends on what can be downloaded. @throws ProvisionError (input) */
export function imageNamed(option: string): Image | 'auto' {
  if (option === 'auto') return 'auto';
  const image = known[option];
  if (image) return image;
  const file = resolve(option);
  if (existsSync(file) && statSync(file).isFile()) {
    return { kind: 'cloud', name: `file-${basename(file).replace(/[^\w.-]/g, '-')}`, file, modern: true };
  }
  const names = ['auto', ...Object.keys(known)];
  throw inputError({
    place: '--image',
    what: `"${option}" is neither a known image nor a file${didYouMean(option, names)}`,
    why: `expected ${names.join(', ')}, or a disk image with cloud-init`,
  });
}

/** The files of an image in `folder`. */
export interface Prepared {
  readonly image: Image;
  readonly folder: string;
  readonly disk: string;
  readonly format: 'raw' | 'qcow2';
  /** Booted directly, without a boot loader. */
  readonly kernel?: { readonly vmlinuz: string; readonly initrd: string };
  /** A seed disk with the initial identity for cloud-init. */
  readonly seed?: string;
}

/** The files that `buildDebian` creates in a folder. */
export function builtDebian(image: Image, folder: string): Prepared {
  return {
    image,
    folder,
    disk: join(folder, 'disk.raw'),
    format: 'raw',
    kernel: { vmlinuz: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') },
  };
}
