import { type Resource, write } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';
import { overrideOf, type Project, probeProject, type Question, type Slot } from './project.ts';

/** The release that each slot has, as the name of its image; undefined where there never was one. */
export interface Slots {
  readonly live: Slot;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

export const serviceOf = (slot: Slot) => `app-${slot}` as const;
export const other = (slot: Slot): Slot => (slot === 'a' ? 'b' : 'a');

/** What the containers themselves say. */
export const slotsOf = ({ live, containers }: Project): Slots => ({
  live,
  a: containers.get('app-a')?.image,
  b: containers.get('app-b')?.image,
});

/**
 * compose.override.yml: which release each slot has, and that the one that does not serve is not brought up, so that
 * `docker compose` typed by a person does what is meant. `both`: while one is being switched to.
 */
export function overrideText({ live, a, b }: Slots, both = false): string {
  const service = (slot: Slot, image: string | undefined) => [
    `  ${serviceOf(slot)}:`,
    `    image: ${image ?? 'theapp'}`,
    ...(slot === live || both ? [] : ['    profiles: [idle]']),
  ];
  const migrate = (live === 'a' ? a : b) ?? 'theapp';
  return [
    `# Written by the provisioner (role compose) when a release is switched to. Slot ${live} serves.`,
    'services:',
    ...service('a', a),
    ...service('b', b),
    '  migrate:',
    `    image: ${migrate}`,
    '',
  ].join('\n');
}

/** The file, written whole. */
export const writeOverride = (project: string, text: string) =>
  sh`( ${write(overrideOf(project), { text, secrets: [] }, { owner: 'root', group: 'root', mode: '0644' })}
)`;

/** compose.override.yml says what is so: it is worked out from the containers and from the slot that nginx asks. */
export function slots(question: Question): Resource<Project> {
  const { project } = question;
  return {
    kind: 'compose.slots',
    name: overrideOf(project),
    probe: probeProject(question),
    plan: (state) => {
      const known = slotsOf(state);
      if (known.a === undefined && known.b === undefined) return [];
      const after = overrideText(known);
      if (state.override === after) return [];
      const summary = state.override === '' ? 'write' : 'write as it is';
      const diff = { path: overrideOf(project), before: state.override, after };
      return [{ summary, diff, script: writeOverride(project, after) }];
    },
  };
}

/** A script that answers the version of the slot that does not serve; nothing when there is none. */
export const previousVersion = (folder: string) => sh`cd ${folder}
sed -n '/^ *image:/h; /^ *profiles:/{ x; s/.*:\([^:/ ]*\)$/\1/p; }' compose.override.yml`;
