import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, role } from '../../provision/index.ts';
import { vars } from './vars.ts';

const DOCKERFILE = join(import.meta.dirname, '..', '..', 'app', 'Dockerfile');

/** TheAPP's image, built from the release on the machine that runs it: no registry has to hold it. */
export const image = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars: { name, release, base, keep } }) => {
    const tag = `${name}:${release.version}`;
    return [
      docker.image(tag, {
        dockerfile: readFileSync(DOCKERFILE, 'utf8'),
        context: { name: `theapp-${release.version}.tar.gz`, source: release },
        args: { VERSION: release.version },
        base,
        leftovers: 'org.opencontainers.image.title=TheAPP',
        hint: 'name a registry mirror (-e docker.mirrors=[URL]) or an image that is already on the machine (-e image.base=IMAGE)',
      }),
      docker.images(name, { keep, current: tag }),
    ];
  },
  remove: ({ vars: { name } }) => [docker.images(name, { keep: 0 })],
});
