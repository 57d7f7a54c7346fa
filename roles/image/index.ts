import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildah, docker, role } from '../../provision/index.ts';
import { installed, removed, STORAGE } from './buildah.ts';
import { vars } from './vars.ts';

const DOCKERFILE = join(import.meta.dirname, '..', '..', 'app', 'Dockerfile');

/**
 * TheAPP's image, built from the release: with Docker on the machine that runs it, where no registry has to hold it; or
 * with buildah into a registry, for machines without Docker.
 */
export const image = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars: { name, release, base, keep, registry, mirrors }, facts }) => {
    const tag = `${name}:${release.version}`;
    const options = {
      dockerfile: readFileSync(DOCKERFILE, 'utf8'),
      context: { name: `theapp-${release.version}.tar.gz`, source: release },
      args: { VERSION: release.version },
      base,
    };
    if (registry) {
      const hint =
        'name a registry mirror (-e image.mirrors=[URL]) or another base image (-e image.base=IMAGE)';
      return [
        ...installed(mirrors, facts),
        buildah.image(registry, tag, { ...options, storage: STORAGE, hint }),
      ];
    }
    return [
      docker.image(tag, {
        ...options,
        leftovers: 'org.opencontainers.image.title=TheAPP',
        hint: 'name a registry mirror (-e docker.mirrors=[URL]) or an image that is already on the machine (-e image.base=IMAGE)',
      }),
      docker.images(name, { keep, current: tag }),
    ];
  },
  remove: ({ vars: { name, registry }, purge }) =>
    registry ? removed(purge) : [docker.images(name, { keep: 0 })],
});
