import { kubectl, type Resource } from '../../provision/authoring.ts';
import { type Script, sh } from '../../provision/index.ts';
import type { Member, Vars } from './vars.ts';

type Settings = Pick<Vars, 'volumes' | 'volumes_path'>;

/** `01`, `02`, … */
const numbers = ({ volumes }: Settings) =>
  Array.from({ length: volumes }, (_, i) => String(i + 1).padStart(2, '0'));

/** The folders for local volumes exist. Their owners and modes belong to the pods that use them. */
export const folders = (settings: Settings): Resource<readonly string[]> => {
  const { volumes_path: path } = settings;
  return {
    kind: 'kubernetes',
    name: 'folders for volumes',
    probe: { script: sh`ls ${path} 2>/dev/null || :`, read: ({ stdout }) => stdout.split('\n') },
    plan: (found) => {
      const missing = numbers(settings).filter((number) => !found.includes(number));
      if (missing.length === 0) return [];
      const all = missing.map((number) => `${path}/${number}`);
      return [
        {
          summary: `create ${missing.length} folders in ${path}`,
          script: sh`umask 022
mkdir -p -- ${all}`,
        },
      ];
    },
  };
};

/**
 * A new cluster must not find the data of an earlier one in its volumes, because any claim can get any of them: moves
 * what is in them to a folder with the date.
 */
export const aside = ({ volumes_path: path }: Settings): Script => sh`if [ -d ${path} ]; then
old=${path}/before-$(date -u +%Y%m%dT%H%M%SZ)
for one in ${path}/[0-9]*; do
if [ -d "$one" ] && [ -n "$(ls -A "$one")" ]; then
mkdir -p -m 0700 "$old"
mv -- "$one" "$old"/
mkdir -- "$one"
fi
done
fi`;

/** A persistent volume for each folder of each member, for the template. */
export const volumesOf = (members: readonly Member[], settings: Settings) =>
  members.flatMap(({ host }) =>
    numbers(settings).map((number) => ({
      name: `local-${host}-${number}`,
      node: host,
      path: `${settings.volumes_path}/${number}`,
    })),
  );

const TEMPLATE =
  '{{range .items}}{{.metadata.name}}|{{index .metadata.labels "provisioner/node"}}|{{.status.phase}}{{"\\n"}}{{end}}';

/** The volumes of nodes that are gone for good, as far as no claim has them. */
export const unused = (
  members: readonly Member[],
  absentees: readonly string[],
): Resource<readonly string[]> => {
  const known = new Set([...members.map(({ host }) => host), ...absentees]);
  return {
    kind: 'kubernetes',
    name: 'volumes without a host',
    probe: {
      script: sh`${kubectl} get persistentvolumes --selector=provisioner/node --output=${`go-template=${TEMPLATE}`} 2>/dev/null || :`,
      read: ({ stdout }) =>
        stdout.split('\n').flatMap((line) => {
          const [name = '', node = '', phase] = line.split('|');
          return phase === 'Available' && !known.has(node) ? [name] : [];
        }),
    },
    plan: (names) =>
      names.length === 0
        ? []
        : [
            {
              summary: `delete ${names.length} volumes of nodes that are gone`,
              script: sh`${kubectl} delete persistentvolumes ${names} >/dev/null`,
            },
          ],
  };
};
