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
  /** One line for a person: which, and what it means. */
  readonly words: string;
}

const slow = 'software emulation, which is slow';

/**
 * KVM where it really works, otherwise emulation. `/dev/kvm` proves nothing (in some virtual machines no guest
 * gets past its first instructions), so a guest is started. The answer is kept for this emulator.
 */
export async function accelerator(image: Prepared, progress: (line: string) => void): Promise<Accelerator> {
  const denied = cannotOpen();
  if (denied) return { name: 'tcg', words: `${slow} (${denied})` };
  const file = accelerators();
  const subject = `qemu ${await qemuVersion()} on ${architecture().name}`;
  const kept = read(file);
  if (kept?.subject === subject) return answer(kept.works);
  progress('trying KVM with a guest');
  const works = await tryGuest(image);
  privateFolder(imagesFolder());
  writeWhole(file, `${JSON.stringify({ subject, works })}\n`);
  return answer(works);
}

/** What is known of KVM here without starting anything. */
export interface Kvm {
  readonly usable: boolean;
  /** It may be usable: nobody has tried yet. */
  readonly untried: boolean;
  /** Why it is not known to be usable. */
  readonly why: string;
}

/** `/dev/kvm` may be opened, QEMU is installed, and no guest has failed to start with it. */
export function kvmKnown(): Kvm {
  const denied = cannotOpen();
  if (denied) return { usable: false, untried: false, why: denied };
  const works = read(accelerators())?.works;
  if (works === false) return { usable: false, untried: false, why: 'no guest starts with KVM here' };
  if (!locate(architecture().qemu)) return { usable: false, untried: true, why: 'QEMU is not installed' };
  return { usable: true, untried: works === undefined, why: '' };
}

const accelerators = () => join(imagesFolder(), 'accelerator.json');

function answer(works: boolean): Accelerator {
  if (works) return { name: 'kvm', words: 'KVM' };
  return { name: 'tcg', words: `${slow} (/dev/kvm is there, but a guest did not start with it)` };
}

function cannotOpen(): string | undefined {
  if (!existsSync('/dev/kvm')) return 'this computer has no /dev/kvm';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return 'you may not open /dev/kvm: sudo usermod -aG kvm $USER, then log in again';
  }
}

/** A guest that reaches its first process within `seconds` runs well enough. */
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
