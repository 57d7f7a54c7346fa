import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';

/** A disk of limited size for a container. */
export interface Disk {
  /** An empty folder on it. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** So many GiB in a sparse file: when it is full, this computer's own disk is not. Wants root and a loop device. */
export async function makeDisk(path: string, gib: number): Promise<Disk> {
  const [file, mounted] = [`${path}.img`, `${path}.disk`];
  mkdirSync(mounted, { recursive: true });
  writeFileSync(file, '');
  truncateSync(file, gib * 1024 ** 3);
  await execa('mkfs.ext4', ['-q', '-F', file]);
  await execa('mount', ['-o', 'loop,discard', file, mounted]);
  const folder = `${mounted}/data`;
  mkdirSync(folder);
  return { folder, remove: async () => void (await execa('umount', ['--detach-loop', mounted])) };
}
