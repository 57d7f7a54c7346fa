import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { privateFolder, writeWhole } from '../../computer/files.ts';
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
  const file = join(privateFolder(imagesFolder()), 'accelerator.json');
  const subject = `qemu ${await qemuVersion()} on ${architecture().name}`;
  const kept = read(file);
  if (kept?.subject === subject) return answer(kept.works);
  progress('trying KVM with a guest');
  const works = await tryGuest(image);
  writeWhole(file, `${JSON.stringify({ subject, works })}\n`);
  return answer(works);
}

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
