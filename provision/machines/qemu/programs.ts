import { execa } from 'execa';
import { treePrograms } from '../../computer/mmdebstrap.ts';
import { locate, type Program } from '../../computer/programs.ts';
import { type Architecture, architecture } from './architecture.ts';
import type { Image } from './image.ts';

/** QEMU 7 panics guests newer than Debian 12 under emulation (a double fault early on); 8 and later do not. */
const newEnough = 8;

/** What every machine takes, whatever it boots; `version` is that of the QEMU that is installed. */
export function forMachines(
  { kind, modern }: Pick<Image, 'kind' | 'modern'>,
  version: string | undefined,
  arch: Architecture = architecture(),
): Program[] {
  const { firmware } = arch;
  const old = modern && version !== undefined && Number.parseInt(version, 10) < newEnough;
  const outdated = `QEMU ${newEnough} or later (${version} is installed: it crashes newer guests)`;
  const emulator = { backports: modern, ...(old ? { outdated } : {}) };
  return [
    ...(kind === 'cloud' && firmware ? [{ name: firmware.file, package: firmware.package }] : []),
    { name: arch.qemu, package: arch.qemuPackage, ...emulator },
    { name: 'qemu-img', package: 'qemu-utils', ...(old ? emulator : {}) },
    { name: 'ssh', package: 'openssh-client' },
    { name: 'ssh-keygen', package: 'openssh-client' },
  ];
}

/** What making an image ready needs besides. */
export function forImage(image: Image['kind'], root: boolean): Program[] {
  if (image === 'cloud') return [{ name: 'xorriso', package: 'xorriso' }];
  return [...treePrograms(root), { name: 'mke2fs', package: 'e2fsprogs' }];
}

/** The emulator's version, `10.0.2`; undefined when it is not installed. */
export async function qemuVersion(arch: Architecture = architecture()): Promise<string | undefined> {
  const path = locate(arch.qemu);
  if (!path) return undefined;
  const { stdout } = await execa(path, ['--version'], { reject: false });
  return /version ([\d.]+)/.exec(stdout)?.[1];
}
