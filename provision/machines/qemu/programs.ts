import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { type Architecture, architecture } from './architecture.ts';
import type { Image } from './image.ts';

/** A program that the lab runs, or a file it reads, by its whole path, and the package of Debian and Ubuntu that has it. */
export interface Program {
  readonly name: string;
  readonly package: string;
}

/** QEMU 7 panics guests newer than Debian 12 under emulation (a double fault early on); 8 and later do not. */
export const newEnough = 8;

/** What this computer is: its distribution by os-release's words. */
export interface Computer {
  readonly platform: string;
  readonly id: string;
  readonly like: readonly string[];
  readonly codename: string;
  readonly pretty: string;
  readonly root: boolean;
}

export function computer(osRelease = '/etc/os-release'): Computer {
  let text = '';
  try {
    text = readFileSync(osRelease, 'utf8');
  } catch {
    // not a Linux that says what it is
  }
  const word = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return {
    platform: process.platform,
    id: word('ID'),
    like: word('ID_LIKE').split(' ').filter(Boolean),
    codename: word('VERSION_CODENAME'),
    pretty: word('PRETTY_NAME') || process.platform,
    root: process.getuid?.() === 0,
  };
}

/** What Debian's packages are signed with; also on an Ubuntu that builds a Debian image. */
export const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Every machine needs these, whatever it boots. */
export function forMachines(image: Image['kind'], arch: Architecture = architecture()): Program[] {
  const { firmware } = arch;
  return [
    ...(image === 'cloud' && firmware ? [{ name: firmware.file, package: firmware.package }] : []),
    { name: arch.qemu, package: arch.qemuPackage },
    { name: 'qemu-img', package: 'qemu-utils' },
    { name: 'ssh', package: 'openssh-client' },
    { name: 'ssh-keygen', package: 'openssh-client' },
  ];
}

/** What making an image ready needs besides. */
export function forImage(image: Image['kind'], root: boolean): Program[] {
  if (image === 'cloud') return [{ name: 'xorriso', package: 'xorriso' }];
  return [
    { name: 'mmdebstrap', package: 'mmdebstrap' },
    { name: debianKeyring, package: 'debian-archive-keyring' },
    { name: 'mke2fs', package: 'e2fsprogs' },
    { name: 'tar', package: 'tar' },
    ...(root
      ? []
      : [
          { name: 'newuidmap', package: 'uidmap' },
          { name: 'unshare', package: 'util-linux' },
        ]),
  ];
}

export const missing = (programs: readonly Program[]) => programs.filter(({ name }) => !locate(name));

/** Where a program is, also in the folders of root that a user's PATH leaves out. */
export function locate(name: string): string | undefined {
  if (isAbsolute(name)) return existsSync(name) ? name : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(runnable);
}

/** The emulator's version, `10.0.2`; undefined when it is not installed. */
export async function qemuVersion(arch: Architecture = architecture()): Promise<string | undefined> {
  const path = locate(arch.qemu);
  if (!path) return undefined;
  const { stdout } = await execa(path, ['--version'], { reject: false });
  return /version ([\d.]+)/.exec(stdout)?.[1];
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
