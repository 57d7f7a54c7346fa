import type { Resource } from '../../provision/authoring.ts';
import { type Script, sh } from '../../provision/index.ts';

/** The manager has a record of the released image and of the previous one, which a rollback needs. */
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
      return [
        {
          summary: known === '' ? 'record as the first release' : `record as the release after ${known}`,
          script,
        },
      ];
    },
  };
}

/** A script that prints the previous release; nothing when there is none. */
export const previousRelease = (folder: string): Script => sh`cat ${`${folder}/previous`} 2>/dev/null || :`;
