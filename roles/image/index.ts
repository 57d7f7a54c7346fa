import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { role } from '../../provision/index.ts';
import { built } from './build.ts';
import { kept } from './prune.ts';
import { vars } from './vars.ts';

const DOCKERFILE = join(import.meta.dirname, '..', '..', 'app', 'Dockerfile');

/** TheAPP's image, built on the machine from the release: no registry has to hold it. */
export const image = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars }) => [
    built({ ...vars, dockerfile: readFileSync(DOCKERFILE, 'utf8') }),
    kept(vars.name, vars.keep, `${vars.name}:${vars.release.version}`),
  ],
  remove: ({ vars }) => [kept(vars.name, 0)],
});
