import { createHash } from 'node:crypto';
import { constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { privateFolder } from '../../computer/files.ts';
import { withLock } from '../../computer/lock.ts';
import { requireSpace } from '../../computer/space.ts';
import { bootstrapKeys } from '../lab/bootstrap.ts';
import { imagesFolder } from '../lab/folders.ts';
import { forwardedPorts } from './forwarding.ts';
import { runAsRoot, waitForSsh } from './guest.ts';
import { beforeSnapshot } from './identity.ts';
import type { Prepared } from './image.ts';
import { obey, openMonitor } from './monitor.ts';
import { cutPower, launch, quit } from './process.ts';
import { qemuVersion } from './programs.ts';

/** What must be equal for a machine to resume from the snapshot of another. */
export interface Shape {
  readonly image: Prepared;
  readonly accelerator: 'kvm' | 'tcg';
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  /** GiB. */
  readonly disk: number;
}

/** Time limit in seconds for the first boot of a cloud image, which is slow under emulation on a busy computer. */
const firstBoot = 900;

/** The name of the snapshot of a newly booted machine inside its disk. */
export const fresh = 'fresh';

/**
 * The disk of a machine of this shape with the snapshot `fresh`, taken after its first boot; created if necessary.
 * Undefined if QEMU cannot resume such a snapshot; these machines boot instead.
 */
export async function readyDisk(shape: Shape, progress: (line: string) => void): Promise<string | undefined> {
  const folder = join(imagesFolder(), `ready-${await keyOf(shape)}`);
  const disk = join(folder, 'disk.qcow2');
  if (existsSync(disk)) return disk;
  if (existsSync(join(folder, 'impossible'))) return undefined;
  return await withLock(folder, 'booting the first machine with this configuration', progress, async () => {
    if (existsSync(disk)) return disk;
    const draft = `${folder}.draft`;
    try {
      await bootOnce(shape, draft, progress);
      rmSync(folder, { recursive: true, force: true });
      renameSync(draft, folder);
      return disk;
    } finally {
      await cutPower(draft);
      rmSync(draft, { recursive: true, force: true });
    }
  });
}

async function bootOnce(shape: Shape, draft: string, progress: (line: string) => void): Promise<void> {
  await cutPower(draft);
  rmSync(draft, { recursive: true, force: true });
  privateFolder(draft);
  requireSpace(draft, 1 + (2 * shape.memory) / 1000, 'a machine');
  const { image } = shape;
  const keys = await bootstrapKeys();
  await newDisk(draft, image, shape.disk);
  const name = 'theapp-lab/images/first-boot';
  await launch({ ...shape, name, folder: draft, forward: [[22, 0]] });
  const monitor = await openMonitor(draft);
  try {
    const port = (await forwardedPorts(monitor))[22] ?? 0;
    const door = {
      name: 'first-boot',
      folder: draft,
      port,
      keyFile: keys.user.file,
      hostKey: keys.host.public,
    };
    await waitForSsh(door, (line) => progress(`first boot: ${line}`), firstBoot);
    progress('first boot: waiting until startup has finished');
    await runAsRoot(door, () => beforeSnapshot, firstBoot);
    progress('first boot: taking a snapshot');
    await obey(monitor, `savevm ${fresh}`);
  } finally {
    monitor.close();
  }
  await quit(draft);
  for (const left of ['serial.log', 'pid', 'monitor']) rmSync(join(draft, left), { force: true });
}

/** Creates a disk based on the image, with this size or that of the image, whichever is larger. */
export async function newDisk(folder: string, image: Prepared, gigabytes: number): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { stdout } = await execa('qemu-img', ['info', '--force-share', '--output=json', image.disk]);
  const own = (JSON.parse(stdout) as { 'virtual-size': number })['virtual-size'];
  const size = Math.max(own, gigabytes * 2 ** 30);
  const args = ['create', '-q', '-f', 'qcow2', '-b', image.disk, '-F', image.format];
  await execa('qemu-img', [...args, join(folder, 'disk.qcow2'), String(size)]);
}

/** Copies a prepared disk for a machine. File systems that support it share the blocks. */
export function copyDisk(from: string, folder: string): void {
  requireSpace(folder, 1 + statSync(from).size / 1e9, 'a machine');
  copyFileSync(from, join(folder, 'disk.qcow2'), constants.COPYFILE_FICLONE);
}

async function keyOf({ image, accelerator, memory, cpus, disk }: Shape): Promise<string> {
  const { mtimeMs, size } = statSync(image.disk);
  const facts = [image.disk, mtimeMs, size, accelerator, memory, cpus, disk, await qemuVersion()];
  const hash = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12);
  return `${image.image.name}-${memory}M-${hash}`;
}
