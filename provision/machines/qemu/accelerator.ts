import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { privateFolder, writeWhole } from '../../computer/files.ts';
import { locate } from '../../computer/programs.ts';
import { imagesFolder } from '../lab/folders.ts';
import { architecture } from './architecture.ts';
import type { Prepared } from './image.ts';
import { cutPower, launch, processOf, serial } from './process.ts';
import { qemuVersion } from './programs.ts';

export interface Accelerator {
  readonly name: 'kvm' | 'tcg';
  /** For messages: which accelerator, and what that means. */
  readonly description: string;
}

const slow = 'software emulation, which is slow';

/**
 * KVM if it works, otherwise emulation. The existence of `/dev/kvm` is not enough (in some virtual machines guests hang
 * at their first instructions), so a guest is started. The result is stored for this version of QEMU.
 */
export async function accelerator(image: Prepared, progress: (line: string) => void): Promise<Accelerator> {
  const denied = cannotOpen();
  if (denied) return { name: 'tcg', description: `${slow} (${denied})` };
  const file = accelerators();
  const subject = `qemu ${await qemuVersion()} on ${architecture().name}`;
  const stored = read(file);
  if (stored?.subject === subject) return result(stored.works);
  progress('testing KVM with a virtual machine');
  const works = await tryGuest(image);
  privateFolder(imagesFolder());
  writeWhole(file, `${JSON.stringify({ subject, works })}\n`);
  return result(works);
}

/** What is known about KVM on this computer without starting anything. */
export interface Kvm {
  readonly usable: boolean;
  /** It may be usable, but has not been tried yet. */
  readonly untried: boolean;
  /** Why it is not known to be usable. */
  readonly why: string;
}

/** Usable: `/dev/kvm` can be opened, QEMU is installed, and no virtual machine has failed to start with KVM. */
export function kvmKnown(): Kvm {
  const denied = cannotOpen();
  if (denied) return { usable: false, untried: false, why: denied };
  const works = read(accelerators())?.works;
  if (works === false)
    return { usable: false, untried: false, why: 'virtual machines do not start with KVM here' };
  if (!locate(architecture().qemu)) return { usable: false, untried: true, why: 'QEMU is not installed' };
  return { usable: true, untried: works === undefined, why: '' };
}

const accelerators = () => join(imagesFolder(), 'accelerator.json');

function result(works: boolean): Accelerator {
  if (works) return { name: 'kvm', description: 'KVM' };
  return {
    name: 'tcg',
    description: `${slow} (there is a /dev/kvm, but a virtual machine did not start with it)`,
  };
}

function cannotOpen(): string | undefined {
  if (!existsSync('/dev/kvm')) return 'this computer has no /dev/kvm';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return 'no permission to open /dev/kvm; to get it: sudo usermod -aG kvm $USER, then log in again';
  }
}

/** Whether a guest reaches its first process within `seconds`. */
async function tryGuest(image: Prepared, seconds = 15): Promise<boolean> {
  const folder = mkdtempSync(join(imagesFolder(), 'kvm-'));
  try {
    const disk = join(folder, 'disk.qcow2');
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image.disk, '-F', image.format, disk]);
    await launch({
      name: 'theapp-lab/kvm/probe',
      folder,
      image,
      accelerator: 'kvm',
      memory: 512,
      cpus: 1,
      forward: [],
    });
    for (let tries = 0; tries < seconds * 5 && processOf(folder) !== undefined; tries++) {
      if (/Run \S*init as init process|systemd\[1\]|Welcome to/.test(serial(folder, 200_000))) return true;
      await sleep(200);
    }
    return false;
  } catch {
    return false;
  } finally {
    await cutPower(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

function read(file: string): { subject: string; works: boolean } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
