import { type Notify, notified, type Resource } from '../../../language/resource.ts';
import { sh } from '../../../shell/sh.ts';

/** The tags of an image, the newest first, and the names of all images that containers were made from. */
export interface Tags {
  readonly all: readonly string[];
  readonly used: readonly string[];
}

export interface TagsOptions extends Notify {
  /** How many tags are kept. */
  keep: number;
  /** A tag that is always kept and counts as the newest: a rebuilt image keeps the date of its first build. */
  current?: string;
}

/** No more than `keep` tags of an image. A tag that a container uses is kept, even if the container is stopped. */
export function tags(repository: string, options: TagsOptions): Resource<Tags> {
  const { keep, current } = options;
  return {
    kind: 'docker.images',
    name: `${repository}: keep ${keep}`,
    probe: {
      script: sh`docker image ls --format '{{.Repository}}:{{.Tag}}' --filter dangling=false --filter reference=${repository} 2>/dev/null || :
echo
docker ps --all --format '{{.Image}}' 2>/dev/null || :`,
      read: ({ stdout }) => {
        const [all = '', used = ''] = stdout.split(/^\n/m);
        const lines = (text: string) => text.split('\n').filter(Boolean);
        return { all: lines(all), used: lines(used) };
      },
    },
    plan: ({ all, used }) => {
      const others = all.filter((tag) => tag !== current);
      const old = others.slice(keep - (all.length - others.length)).filter((tag) => !used.includes(tag));
      if (old.length === 0) return [];
      return [{ summary: `remove ${old.join(', ')}`, script: sh`docker image rm ${old} >/dev/null` }];
    },
    ...notified(options),
  };
}
