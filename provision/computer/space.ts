import { statfsSync } from 'node:fs';
import { failure } from '../errors.ts';

/** @throws ProvisionError (failed) if less than `gigabytes` are free on the disk of `folder` */
export function requireSpace(folder: string, gigabytes: number, what: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1e9;
  if (free >= gigabytes) return;
  throw failure({
    place: folder,
    what: `not enough disk space for ${what}`,
    why: `${gigabytes} GB needed, ${free.toFixed(1)} GB free`,
    todo: 'free some space, or move the lab to another disk: THEAPP_LAB=/path/to/folder',
  });
}

/** The error for output that reports a full disk; otherwise undefined. */
export function outOfSpace(output: string, folder: string) {
  if (!/ENOSPC|No space left on device/i.test(output)) return undefined;
  return failure({
    place: folder,
    what: 'the disk is full',
    said: output
      .split('\n')
      .filter((line) => /ENOSPC|No space left/i.test(line))
      .join('\n'),
    todo: 'free some space, or move the lab to another disk: THEAPP_LAB=/path/to/folder',
  });
}
