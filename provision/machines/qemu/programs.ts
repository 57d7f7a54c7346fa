import { execa } from 'execa';
import { treePrograms } from '../../computer/mmdebstrap.ts';
import { locate, type Program } from '../../computer/programs.ts';
import { type Architecture, architecture } from './architecture.ts';
import type { Image } from './image.ts';

/** Under emulation by QEMU 7, guests newer than Debian 12 panic (an early double fault); with 8 and later they do not. */
const MIN_VERSION = 8;

/** The programs that every machine needs; `version` is the installed version of QEMU. */
export function forMachines(
  { kind, modern }: Pick<Image, 'kind' | 'modern'>,
  version: string | undefined,
  arch: Architecture = architecture(),
): Program[] {
  const { firmware } = arch;
  const old = modern && version !== undefined && Number.parseInt(version, 10) < MIN_VERSION;
  const outdated = `QEMU ${MIN_VERSION} or later (with the installed ${version}, newer guests crash)`;
  const emulator = { backports: modern, ...(old ? { outdated } : {}) };
  return [
    ...(kind === 'cloud' && firmware ? [{ name: firmware.file, package: firmware.package }] : []),
    { name: arch.qemu, package: arch.qemuPackage, ...emulator },
    { name: 'qemu-img', package: 'qemu-utils', ...(old ? emulator : {}) },
    { name: 'ssh', package: 'openssh-client' },
    { name: 'ssh-keygen', package: 'openssh-client' },
  ];
}

/** The additional programs that preparing an image needs. */
export function forImage(image: Image['kind'], root: boolean): Program[] {
  if (image === 'cloud') return [{ name: 'xorriso', package: 'xorriso' }];
  return [...treePrograms(root), { name: 'mke2fs', package: 'e2fsprogs' }];
}

/** The version of QEMU, `10.0.2`; undefined if it is not installed. */
export async function qemuVersion(arch: Architecture = architecture()): Promise<string | undefined> {
  const path = locate(arch.qemu);
  if (!path) return undefined;
  const { stdout } = await execa(path, ['--version'], { reject: false });
  return /version ([\d.]+)/.exec(stdout)?.[1];
}
