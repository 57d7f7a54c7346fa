import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Which TheAPP this is, and the folder that holds its migrations. */
export interface Release {
  version: string;
  folder: string;
}

/** A built release has its VERSION beside the one bundled file; the sources have it in package.json. */
export function currentRelease(): Release {
  const here = import.meta.dirname;
  if (existsSync(join(here, 'VERSION')))
    return { version: readFileSync(join(here, 'VERSION'), 'utf8').trim(), folder: here };
  const folder = join(here, '..');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { version: `${version}-source`, folder };
}
