import type { Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

/** Which image is the released one is known on the manager, and which one was before it: what a rollback asks. */
export function released(folder: string, release: string): Resource<string> {
  const [now, before] = [`${folder}/release`, `${folder}/previous`];
  return {
    kind: 'stack.release',
    name: release,
    probe: { script: sh`cat ${now} 2>/dev/null || :`, read: ({ stdout }) => stdout.trim() },
    plan: (known) => {
      if (known === release) return [];
      const script = sh`umask 022
if [ -e ${now} ]; then cp -p -- ${now} ${before}; fi
printf '%s\n' ${release} >${`${now}.draft`}
mv -f -- ${`${now}.draft`} ${now}`;
      return [{ summary: known === '' ? 'the first' : `after ${known}`, script }];
    },
  };
}
