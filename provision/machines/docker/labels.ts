import { createHash } from 'node:crypto';
import { labFolder } from '../lab/folders.ts';

/** The labels of everything that the provider creates in Docker. It finds its objects by them, even after a crash. */
export const label = {
  /** The lab of this checkout. */
  lab: 'theapp.lab',
  /** The lab's folder, for people who inspect Docker. */
  folder: 'theapp.folder',
  approach: 'theapp.approach',
  machine: 'theapp.machine',
  /** The name of the image that a machine was created with: `debian-13`. */
  image: 'theapp.image',
  /** The public half of its SSH host key. */
  hostKey: 'theapp.host-key',
  /** GiB of its disk. */
  disk: 'theapp.disk',
  snapshot: 'theapp.snapshot',
} as const;

export type Labels = Readonly<Record<string, string>>;

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** A short id for the lab of this checkout. */
export const labId = () => digest(labFolder()).slice(0, 12);

/** The labels of everything that belongs to an approach. */
export const labelsOf = (approach: string, more: Labels = {}): Labels => ({
  [label.lab]: labId(),
  [label.folder]: labFolder(),
  [label.approach]: approach,
  ...more,
});

/** Labels as options of `docker create`. */
export const labelled = (labels: Labels) =>
  Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);

/** Options of `docker … ls` that select the objects of this lab, or of one approach in it. */
export const filtered = (approach?: string) => [
  ...['--filter', `label=${label.lab}=${labId()}`],
  ...(approach === undefined ? [] : ['--filter', `label=${label.approach}=${approach}`]),
];

/** A name that no other lab on this computer uses: `theapp-approach_2-worker1-1a2b3c`. */
export const nameOf = (approach: string, ...parts: readonly string[]) =>
  ['theapp', approach, ...parts, labId().slice(0, 6)].join('-');
