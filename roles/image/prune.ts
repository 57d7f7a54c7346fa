import type { Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

/** The tags of an image, the newest first, and those that containers were made of. */
export interface Tags {
  readonly all: readonly string[];
  readonly used: readonly string[];
}

/**
 * The newest `keep` images of that name stay, and what a container was made of, also one that is stopped. The `present`
 * release stays first of all: built from what was there before, it is as old as the day it was built first.
 */
export function kept(name: string, keep: number, present?: string): Resource<Tags> {
  return {
    kind: 'docker.images',
    name: `${name}: keep ${keep}`,
    probe: {
      script: sh`docker image ls --format '{{.Repository}}:{{.Tag}}' --filter dangling=false --filter reference=${name} 2>/dev/null || :
echo
docker ps --all --format '{{.Image}}' 2>/dev/null || :`,
      read: ({ stdout }) => {
        const [all = '', used = ''] = stdout.split(/^\n/m);
        const lines = (text: string) => text.split('\n').filter(Boolean);
        return { all: lines(all), used: lines(used) };
      },
    },
    plan: ({ all, used }) => {
      const others = all.filter((tag) => tag !== present);
      const old = others.slice(keep - (all.length - others.length)).filter((tag) => !used.includes(tag));
      if (old.length === 0) return [];
      return [{ summary: `remove ${old.join(', ')}`, script: sh`docker image rm ${old} >/dev/null` }];
    },
  };
}
