import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'theapp-secrets.';

/**
 * Runs `work` with a folder that only this user can read, in memory if the computer has such a file system. It is
 * removed afterwards, also when the process is ended by a signal that it hears. What a killed process has left is
 * removed by the next one.
 */
export async function inPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const parent = memory();
  removeLeft(parent);
  const folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}.`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await work(folder);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function memory(): string {
  const found = [process.env.XDG_RUNTIME_DIR, '/dev/shm'].find((path) => path && isWritable(path));
  return found ?? tmpdir();
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function removeLeft(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('.')[0] : Number.NaN);
    if (!Number.isInteger(pid) || runs(pid)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // It belongs to another user.
    }
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
