import { createHash } from 'node:crypto';
import { labFolder } from '../lab/folders.ts';

/** Labels of all that the provider makes in Docker: by them it is found again, whatever has happened since. */
export const label = {
  /** The lab of this checkout. */
  lab: 'theapp.lab',
  /** Where that lab is, for a person who looks. */
  folder: 'theapp.folder',
  approach: 'theapp.approach',
  machine: 'theapp.machine',
  /** The name of the image that a machine was made with: `debian-13`. */
  image: 'theapp.image',
  /** The public half of its SSH host key. */
  hostKey: 'theapp.host-key',
  /** GiB of its disk. */
  disk: 'theapp.disk',
  snapshot: 'theapp.snapshot',
} as const;

export type Labels = Readonly<Record<string, string>>;

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** The lab of this checkout, in a few letters. */
export const labId = () => digest(labFolder()).slice(0, 12);

/** What belongs to an approach's lab carries these. */
export const labelsOf = (approach: string, more: Labels = {}): Labels => ({
  [label.lab]: labId(),
  [label.folder]: labFolder(),
  [label.approach]: approach,
  ...more,
});

/** As options of `docker create`, and of `docker … ls` (as filters). */
export const labelled = (labels: Labels) =>
  Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);

/** What belongs to this lab; of one approach, where that is given. */
export const filtered = (approach?: string) => [
  ...['--filter', `label=${label.lab}=${labId()}`],
  ...(approach === undefined ? [] : ['--filter', `label=${label.approach}=${approach}`]),
];

/** A name in Docker that no other lab on this computer has: `theapp-approach_2-worker1-1a2b3c`. */
export const nameOf = (approach: string, ...parts: readonly string[]) =>
  ['theapp', approach, ...parts, labId().slice(0, 6)].join('-');
