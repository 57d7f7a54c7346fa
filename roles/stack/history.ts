import type { Resource } from '../../provision/authoring.ts';
import { type Script, sh } from '../../provision/index.ts';

/** The manager knows which image is released, and which one was released before it: a rollback needs both. */
export function releaseHistory(folder: string, release: string): Resource<string> {
  const [current, previous] = [`${folder}/release`, `${folder}/previous`];
  return {
    kind: 'stack.release',
    name: release,
    probe: { script: sh`cat ${current} 2>/dev/null || :`, read: ({ stdout }) => stdout.trim() },
    plan: (known) => {
      if (known === release) return [];
      const script = sh`umask 022
if [ -e ${current} ]; then cp -p -- ${current} ${previous}; fi
printf '%s\n' ${release} >${`${current}.draft`}
mv -f -- ${`${current}.draft`} ${current}`;
      return [{ summary: known === '' ? 'the first release' : `follows ${known}`, script }];
    },
  };
}

/** A script that prints the previous release; nothing when there is none. */
export const previousRelease = (folder: string): Script => sh`cat ${`${folder}/previous`} 2>/dev/null || :`;
