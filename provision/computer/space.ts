import { statfsSync } from 'node:fs';
import { failure } from '../errors.ts';

/** @throws ProvisionError (failed) when the disk that holds `folder` has less than `gigabytes` free */
export function requireSpace(folder: string, gigabytes: number, what: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1e9;
  if (free >= gigabytes) return;
  throw failure({
    place: folder,
    what: `the disk is too full for ${what}`,
    why: `it needs ${gigabytes} GB, ${free.toFixed(1)} GB are free`,
    todo: 'make room, or put the lab on another disk: THEAPP_LAB=/path/to/folder',
  });
}

/** The error to show when something ran out of space half way; otherwise undefined. */
export function outOfSpace(said: string, folder: string) {
  if (!/ENOSPC|No space left on device/i.test(said)) return undefined;
  return failure({
    place: folder,
    what: 'the disk is full',
    said: said
      .split('\n')
      .filter((line) => /ENOSPC|No space left/i.test(line))
      .join('\n'),
    todo: 'make room, or put the lab on another disk: THEAPP_LAB=/path/to/folder',
  });
}
