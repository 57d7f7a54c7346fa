import { mkdirSync } from 'node:fs';
import { execa } from 'execa';

/** A file system for the data of a daemon. */
export interface Disk {
  release(): Promise<void>;
}

const inMemory = process.env.THEAPP_TEST_DISK === 'memory';

/** The programs that `newDisk` runs. */
export const diskPrograms = inMemory ? [{ name: 'mkfs.ext4', package: 'e2fsprogs' }] : [];

/** The size that the daemon sees. The file only takes the space that is in use. */
const SIZE = '64G';

/**
 * Mounts a new file system on a folder if THEAPP_TEST_DISK=memory. It has no journal and no barriers, so a write that must
 * reach the disk (fsync) reaches the memory of this computer: of two tests that count lost requests, none waits for the
 * disk of the other. Machines whose power is cut lose none of it. Without loop devices, the folder is an ordinary one.
 */
export async function newDisk(folder: string): Promise<Disk> {
  mkdirSync(folder);
  if (!inMemory) return { release: async () => undefined };
  const file = `${folder}.disk`;
  await execa('truncate', ['--size', SIZE, file]);
  await execa('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', '-E', 'nodiscard', file]);
  const { failed } = await execa('mount', ['-o', 'loop,noatime,nobarrier', file, folder], { reject: false });
  const release = async () => {
    if (!failed) await execa('umount', ['--lazy', folder]);
  };
  return { release };
}
