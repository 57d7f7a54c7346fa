import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version, and the folder that contains the migrations and the pages. */
export interface Release {
  version: string;
  folder: string;
}

/** A built release has a VERSION file next to the bundle; a checkout has its version in package.json. */
export function currentRelease(): Release {
  const here = import.meta.dirname;
  if (existsSync(join(here, 'VERSION')))
    return { version: readFileSync(join(here, 'VERSION'), 'utf8').trim(), folder: here };
  const folder = join(here, '..');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { version: `${version}-source`, folder };
}
