import type { Resource } from '../../provision/authoring.ts';
import { type Handler, sh } from '../../provision/index.ts';

export const RELEASES = '/opt/theapp/releases';
/** Symbolic links to two of the releases. */
export const CURRENT = '/opt/theapp/current';
export const PREVIOUS = '/opt/theapp/previous';

/**
 * `current` points to this release, and `previous` to the one before it. Nothing is restarted here: the handler does
 * that, and a crash does not lose it.
 */
export function current(version: string, notify: Handler): Resource<string> {
  const wanted = `releases/${version}`;
  return {
    kind: 'release',
    name: 'theapp',
    notify: [notify],
    probe: {
      script: sh`readlink ${CURRENT} || :`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (now) => {
      if (now === wanted) return [];
      const from = now === '' ? '' : ` from ${now.replace('releases/', '')}`;
      const script = sh`old=$(readlink ${CURRENT} || :)
if [ -n "$old" ]; then ln -sfn "$old" ${`${PREVIOUS}.draft`}; mv -fT ${`${PREVIOUS}.draft`} ${PREVIOUS}; fi
ln -sfn ${wanted} ${`${CURRENT}.draft`}
mv -fT ${`${CURRENT}.draft`} ${CURRENT}`;
      return [{ summary: `switch to ${version}${from}`, script }];
    },
  };
}

/** No more than `keep` releases are on the host. `current` and `previous` are always kept. */
export function pruned(keep: number): Resource<readonly string[]> {
  return {
    kind: 'releases',
    name: `keep ${keep}`,
    probe: {
      script: sh`cd ${RELEASES} 2>/dev/null || exit 0
now=$(readlink ${CURRENT} || :) before=$(readlink ${PREVIOUS} || :)
ls -1t | while read -r one; do
case "releases/$one" in "$now"|"$before") ;; *) printf '%s\n' "$one" ;; esac
done`,
      read: ({ stdout }) => stdout.split('\n').filter(Boolean),
    },
    plan: (others) => {
      const old = others.slice(Math.max(keep - 2, 0));
      if (old.length === 0) return [];
      return [{ summary: `remove ${old.join(', ')}`, script: sh`cd ${RELEASES}; rm -rf -- ${old}` }];
    },
  };
}
