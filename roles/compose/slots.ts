import {
  type ComposeQuestion,
  type ComposeState,
  composeProject,
  type Resource,
  write,
} from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

/** The application runs in one of two slots; the other holds the previous release (stopped) or the next (starting). */
export type Slot = 'a' | 'b';

/** The release in each slot, as the name of its image; undefined for a slot that was never used. */
export interface Slots {
  /** The slot that nginx sends requests to. */
  readonly live: Slot;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

export const folderOf = (project: string) => `/opt/${project}`;
export const overrideOf = (project: string) => `${folderOf(project)}/compose.override.yml`;
/** While this file exists, nginx sends requests to slot b. */
export const switchOf = (project: string) => `${folderOf(project)}/nginx/live/b`;

export const serviceOf = (slot: Slot) => `app-${slot}` as const;
export const other = (slot: Slot): Slot => (slot === 'a' ? 'b' : 'a');

/** What the role's own resources need to know about its project. */
export const questionOf = (project: string, image: string, files: readonly string[]): ComposeQuestion => ({
  project,
  folder: folderOf(project),
  images: [image],
  files,
  texts: [overrideOf(project), switchOf(project)],
});

/** The slots, according to the containers and the switch. */
export const slotsOf = (project: string, { texts, containers }: ComposeState): Slots => ({
  live: texts.has(switchOf(project)) ? 'b' : 'a',
  a: containers.get('app-a')?.image,
  b: containers.get('app-b')?.image,
});

/**
 * The text of compose.override.yml: the release in each slot. The slot that does not serve has a profile, so that
 * `docker compose up`, typed by hand, does not start it; with `both`, during a switch, neither has one.
 */
export function overrideText({ live, a, b }: Slots, both = false): string {
  const service = (slot: Slot, image: string | undefined) => [
    `  ${serviceOf(slot)}:`,
    `    image: ${image ?? 'theapp'}`,
    ...(slot === live || both ? [] : ['    profiles: [idle]']),
  ];
  const migrate = (live === 'a' ? a : b) ?? 'theapp';
  return [
    `# Managed by the provisioner (role compose), which rewrites it with every release. Slot ${live} serves.`,
    'services:',
    ...service('a', a),
    ...service('b', b),
    '  migrate:',
    `    image: ${migrate}`,
    '',
  ].join('\n');
}

export const writeOverride = (project: string, text: string) =>
  sh`( ${write(overrideOf(project), { text, secrets: [] }, { owner: 'root', group: 'root', mode: '0644' })}
)`;

/** compose.override.yml matches the containers and the slot that nginx sends requests to. */
export function slots(question: ComposeQuestion): Resource<ComposeState> {
  const { project } = question;
  return {
    kind: 'compose.slots',
    name: overrideOf(project),
    probe: composeProject(question),
    plan: (state) => {
      const current = slotsOf(project, state);
      if (current.a === undefined && current.b === undefined) return [];
      const before = state.texts.get(overrideOf(project)) ?? '';
      const after = overrideText(current);
      if (before === after) return [];
      const summary = before === '' ? 'write' : 'correct';
      const diff = { path: overrideOf(project), before, after };
      return [{ summary, diff, script: writeOverride(project, after) }];
    },
  };
}

/** A script that prints the version in the slot that does not serve; nothing when there is none. */
export const previousVersion = (folder: string) => sh`cd ${folder}
sed -n '/^ *image:/h; /^ *profiles:/{ x; s/.*:\([^:/ ]*\)$/\1/p; }' compose.override.yml`;
